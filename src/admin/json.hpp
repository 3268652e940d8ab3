#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace waybill::admin {

/// What the CLI and the REST API answer with; members keep the order in which they are written.
using Json = nlohmann::ordered_json;

/// The document as text. Foreign bytes (a broker's answer, a topic) that are not UTF-8 are replaced, never an error.
inline std::string to_text(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace waybill::admin
