#include "store/mysql/value.hpp"

#include "core/text.hpp"

namespace waybill::mysql {

Value::Value(std::string_view bytes) : literal_(bytes.empty() ? "''" : "x'" + to_hex(bytes) + "'") {}

std::string with_values(std::string_view sql, const Values& values) {
  std::string text;
  std::size_t next = 0;
  for (const char c : sql) {
    if (c != '?') {
      text += c;
    } else {
      text += values.at(next++).literal();
    }
  }
  return text;
}

std::string glob_to_like(std::string_view glob) {
  std::string pattern;
  for (const char c : glob) {
    if (c == '*') {
      pattern += '%';
    } else if (c == '?') {
      pattern += '_';
    } else {
      if (c == '%' || c == '_' || c == '|') pattern += '|';
      pattern += c;
    }
  }
  return pattern;
}

}  // namespace waybill::mysql
