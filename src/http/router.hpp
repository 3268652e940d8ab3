#pragma once

#include <string>
#include <vector>

#include "http/access.hpp"
#include "http/endpoint.hpp"
#include "http/message.hpp"
#include "http/target.hpp"

namespace waybill::http {

/// Takes a request to its endpoint, if who asks may. Thread-safe as far as the endpoints are.
class Router {
 public:
  Router(const HttpConfig& config, Endpoints endpoints);

  /// Blocks as long as the endpoint does. Every error is an answer.
  Response answer(const Request& request) const;

  /// Whether answering may wait for a database.
  bool asks_stores(const Request& request) const;

 private:
  Response answer_in_english(const Request& request, const Result<Target>& target) const;

  const Access access_;
  const Endpoints endpoints_;
};

}  // namespace waybill::http
