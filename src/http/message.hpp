#pragma once

/// \file
/// A request and its answer, apart from how they travel.

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace waybill::http {

struct Request {
  std::string method;         ///< as sent: methods are case-sensitive
  std::string target;         ///< path and query, still percent-encoded
  std::string host;           ///< the header `Host`, empty when it is missing
  std::string authorization;  ///< the header, empty when it is missing
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  ///< all of them, names in lower case
  std::string body;
  std::string peer;  ///< address of the other side, for the log
};

struct Response {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside those that every answer has
};

}  // namespace waybill::http
