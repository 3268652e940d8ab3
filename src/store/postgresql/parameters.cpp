#include "core/validate.hpp"
#include "store/postgresql/connection.hpp"

namespace waybill::postgresql {

Parameters& Parameters::add(std::string_view text) {
  values_.emplace_back(storable_text(text));
  return *this;
}

Parameters& Parameters::add(std::int64_t number) {
  values_.emplace_back(std::to_string(number));
  return *this;
}

Parameters& Parameters::add_null() {
  values_.emplace_back(std::nullopt);
  return *this;
}

Parameters& Parameters::add_optional(const std::optional<std::string>& text) { return text ? add(*text) : add_null(); }

Parameters& Parameters::add_bytes(std::string_view bytes) {
  values_.emplace_back(bytea_literal(bytes));
  return *this;
}

std::vector<const char*> Parameters::pointers() const {
  std::vector<const char*> pointers;
  pointers.reserve(values_.size());
  for (const auto& value : values_) pointers.push_back(value ? value->c_str() : nullptr);
  return pointers;
}

std::string storable_text(std::string_view text) {
  std::string stored{text};
  const bool valid = is_utf8(text);
  for (auto& c : stored) {
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    if (c == '\0' || (!valid && !ascii)) c = '?';
  }
  return stored;
}

namespace {

void append_quoted(std::string& literal, std::string_view element) {
  literal += '"';
  for (const char c : storable_text(element)) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += c;
  }
  literal += '"';
}

}  // namespace

std::string array_literal(const std::vector<std::string>& elements) {
  std::string literal = "{";
  for (const auto& element : elements) {
    if (literal.size() > 1) literal += ',';
    append_quoted(literal, element);
  }
  return literal + "}";
}

std::string array_literal(const std::vector<std::optional<std::string>>& elements) {
  std::string literal = "{";
  for (const auto& element : elements) {
    if (literal.size() > 1) literal += ',';
    if (element) {
      append_quoted(literal, *element);
    } else {
      literal += "NULL";
    }
  }
  return literal + "}";
}

std::string array_literal(const std::vector<std::int64_t>& elements) {
  std::string literal = "{";
  for (const auto element : elements) {
    if (literal.size() > 1) literal += ',';
    literal += std::to_string(element);
  }
  return literal + "}";
}

std::string bytea_literal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string literal = "\\x";
  literal.reserve(2 + bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    literal += digits[byte >> 4];
    literal += digits[byte & 15];
  }
  return literal;
}

}  // namespace waybill::postgresql
