#include "admin/errors.hpp"

#include <algorithm>
#include <cctype>

#include "admin/json.hpp"
#include "embedded/errors.hpp"

namespace waybill::admin {
namespace {

/// A line of errors.json: code, name, and cause and remedy in each language.
KnownError error_of(const Json& line) {
  const auto text = [&](std::size_t at) { return line.at(at).get<std::string>(); };
  return {text(0), text(1), {text(2), text(3)}, {text(4), text(5)}};
}

std::vector<KnownError> read_all() {
  std::vector<KnownError> all;
  for (const auto& line : Json::parse(embedded::errors)) all.push_back(error_of(line));
  std::ranges::sort(all, {}, &KnownError::code);
  return all;
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

const std::vector<KnownError>& known_errors() {
  static const auto all = read_all();
  return all;
}

std::vector<KnownError> find_errors(std::string_view code_or_name) {
  std::vector<KnownError> found;
  std::ranges::copy_if(known_errors(), std::back_inserter(found), [&](const KnownError& one) {
    return same_letters(one.code, code_or_name) || (!one.name.empty() && same_letters(one.name, code_or_name));
  });
  return found;
}

const KnownError* known_reason(std::string_view reason) {
  const auto found = std::ranges::find_if(known_errors(), [&](const KnownError& one) {
    return one.code.starts_with("WB-R") && !one.name.empty() && one.name == reason;
  });
  return found == known_errors().end() ? nullptr : &*found;
}

std::string code_of(ErrorCode code) {
  const auto number = std::to_string(static_cast<int>(code) + 1);
  return "WB-E" + std::string(number.size() < 2 ? 1 : 0, '0') + number;
}

}  // namespace waybill::admin
