#include "http/parameters.hpp"

#include <charconv>

namespace waybill::http {

Result<std::uint64_t> number_of(const Call& call, const std::string& name, const NumberRange& range) {
  const auto given = call.query.find(name);
  if (given == call.query.end()) return range.usual;
  const auto& text = given->second;
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stop == end && value >= range.least && value <= range.most) return value;
  return Error(ErrorCode::invalid_argument, "the parameter '" + name + "' is not a whole number between " +
                                                std::to_string(range.least) + " and " + std::to_string(range.most));
}

}  // namespace waybill::http
