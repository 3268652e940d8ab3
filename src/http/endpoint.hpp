#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/language.hpp"
#include "core/http_config.hpp"
#include "http/access.hpp"
#include "http/message.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// One request on its way to what answers it.
struct Call {
  const Request& request;
  const Principal& who;
  std::map<std::string, std::string> path;   ///< `{id}` -> what stands there, decoded
  std::map<std::string, std::string> query;  ///< only names that the endpoint knows
  admin::Language language = admin::Language::english;

  /// The query's value, or an empty text.
  std::string asked(const std::string& name) const;
};

/// One thing that can be asked for, and who may ask: there is no other place where that is decided.
struct Endpoint {
  std::string method;                   ///< GET also answers HEAD
  std::string path;                     ///< `/api/v1/stores/{store}/messages/{id}`
  std::optional<Role> needs;            ///< the least role; none: open to everybody
  bool asks_stores = false;             ///< may wait for a database
  std::vector<std::string> parameters;  ///< the query's names, beside `lang`; another one is an error
  std::function<Result<Response>(const Call&)> answer;
};

using Endpoints = std::vector<Endpoint>;

/// A JSON document as an answer.
Response json_response(std::string body);

}  // namespace waybill::http
