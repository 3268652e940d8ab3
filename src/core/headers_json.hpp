#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill {

/// The headers as a JSON object of strings, for the outbox's `headers` column.
std::string headers_to_json(const Headers& headers);

/// Reads the `headers` column: an object whose values are strings (a null column or empty text means none). Bounded
/// nesting; the error says what was found instead (`headers: value of 'n' is a number, not a string`).
Result<Headers> headers_from_json(std::string_view json);

/// A JSON array of strings, for SQL that takes several texts as one value.
std::string texts_to_json(const std::vector<std::string>& texts);

}  // namespace waybill
