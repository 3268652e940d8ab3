#include "core/config/document.hpp"

// The parser asserts what it goes on to check: without the assertion its error is a good one. Under NDEBUG it would
// promise the compiler instead, and a wrong file would be undefined behaviour.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <chrono>

namespace waybill::config {
namespace {

Place place_of(const toml::source_region& source) {
  return {std::max<std::uint32_t>(source.begin.line, 1), std::max<std::uint32_t>(source.begin.column, 1)};
}

std::int64_t unix_ms(const toml::date_time& moment) {
  using namespace std::chrono;
  const auto& [date, time, offset] = moment;
  const sys_days day{year{date.year} / date.month / date.day};
  const auto local = day + hours{time.hour} + minutes{time.minute} + seconds{time.second};
  return duration_cast<milliseconds>((local - minutes{offset->minutes}).time_since_epoch()).count();
}

// The recursion is as deep as the parser's, which refuses more than 256 levels.
Value convert(const toml::node& node);

void convert_table(Value& value, const toml::table& table) {
  for (const auto& [key, node] : table) {
    value.entries.push_back({std::string{key.str()}, place_of(key.source()), convert(node)});
  }
  std::sort(value.entries.begin(), value.entries.end(),
            [](const Entry& a, const Entry& b) { return a.place < b.place; });
}

Value convert(const toml::node& node) {
  Value value;
  value.place = place_of(node.source());
  if (const auto* table = node.as_table()) {
    convert_table(value, *table);
  } else if (const auto* array = node.as_array()) {
    value.kind = Value::Kind::array;
    for (const auto& item : *array) value.items.push_back(convert(item));
  } else if (const auto* text = node.as_string()) {
    value.kind = Value::Kind::string;
    value.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    value.kind = Value::Kind::integer;
    value.integer = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    value.kind = Value::Kind::boolean;
    value.boolean = boolean->get();
  } else if (const auto* moment = node.as_date_time(); moment != nullptr && moment->get().offset) {
    value.kind = Value::Kind::date;
    value.integer = unix_ms(moment->get());
    value.is_moment = true;
  } else {
    value.kind = node.is_floating_point() ? Value::Kind::real : Value::Kind::date;
  }
  return value;
}

}  // namespace

std::string_view describe(Value::Kind kind) noexcept {
  switch (kind) {
    case Value::Kind::string:
      return "a string";
    case Value::Kind::integer:
      return "a whole number";
    case Value::Kind::real:
      return "a number with a fraction";
    case Value::Kind::boolean:
      return "true or false";
    case Value::Kind::date:
      return "a date or time";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::table:
      return "a table";
  }
  return "something else";
}

Result<Value> read_document(std::string_view text, const std::string& file) {
  const auto parsed = toml::parse(text);
  if (parsed) return convert(parsed.table());
  const auto place = place_of(parsed.error().source());
  return Error{ErrorCode::invalid_configuration, file + ":" + std::to_string(place.line) + ":" +
                                                     std::to_string(place.column) + ": " +
                                                     std::string{parsed.error().description()}};
}

}  // namespace waybill::config
