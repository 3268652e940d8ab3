#pragma once

#include <string>
#include <vector>

#include "http/message.hpp"

namespace waybill::http {

/// Each value under this name, which is in lower case: a header can be there more than once.
inline std::vector<std::string> values_of(const Request& request, const std::string& name) {
  std::vector<std::string> values;
  for (const auto& [header, text] : request.headers) {
    if (header == name) values.push_back(text);
  }
  return values;
}

}  // namespace waybill::http
