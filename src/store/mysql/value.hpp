#pragma once

/// \file
/// Values inside statements, as the store, the outbox function and the inbox write them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::mysql {

/// A value bound to a `?`: null, a number, or bytes, which are sent as a hexadecimal literal and so can't end one.
class Value {
 public:
  Value(std::nullptr_t) : literal_("NULL") {}                          // NOLINT(google-explicit-constructor)
  Value(std::int64_t number) : literal_(std::to_string(number)) {}     // NOLINT(google-explicit-constructor)
  Value(std::string_view bytes);                                       // NOLINT(google-explicit-constructor)
  Value(const std::string& bytes) : Value(std::string_view{bytes}) {}  // NOLINT(google-explicit-constructor)
  Value(const char* text) : Value(std::string_view{text}) {}           // NOLINT(google-explicit-constructor)
  Value(const std::optional<std::string>& bytes) : Value(nullptr) {    // NOLINT(google-explicit-constructor)
    if (bytes) *this = Value(*bytes);
  }
  const std::string& literal() const { return literal_; }

 private:
  std::string literal_;
};
using Values = std::vector<Value>;

/// The statement with each `?` replaced by its value, in their order. No `?` may stand for anything else.
std::string with_values(std::string_view sql, const Values& values);

/// A glob as a pattern for LIKE, with `|` as its escape.
std::string glob_to_like(std::string_view glob);

}  // namespace waybill::mysql
