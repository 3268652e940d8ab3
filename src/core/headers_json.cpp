#include "core/headers_json.hpp"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/validate.hpp"

namespace waybill {
namespace {

// A whole AMQP header frame has 128 KiB by default: more than this can never be sent.
constexpr std::size_t max_bytes = 1u << 20;

// Stops at the first thing that is no string, so nesting never goes deeper than one level.
class HeadersReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return !in_object_ ? true : reject("null"); }
  bool boolean(bool) override { return reject("a boolean"); }
  bool number_integer(number_integer_t) override { return reject("a number"); }
  bool number_unsigned(number_unsigned_t) override { return reject("a number"); }
  bool number_float(number_float_t, const string_t&) override { return reject("a number"); }
  bool binary(binary_t&) override { return reject("binary"); }
  bool start_array(std::size_t) override { return reject("an array"); }
  bool end_array() override { return true; }
  bool end_object() override { return true; }

  bool start_object(std::size_t) override { return in_object_ ? reject("an object") : (in_object_ = true); }

  bool key(string_t& name) override {
    name_ = std::move(name);
    return true;
  }

  bool string(string_t& value) override {
    if (!in_object_) return reject("a string");
    headers.insert_or_assign(name_, std::move(value));
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    problem = "not valid JSON at byte " + std::to_string(position);
    return false;
  }

  Headers headers;
  std::string problem;

 private:
  bool reject(const char* found) {
    problem = in_object_ ? "value of '" + name_.substr(0, max_name_bytes) + "' is " + found + ", not a string"
                         : std::string{"is "} + found + ", not an object of strings";
    return false;
  }

  bool in_object_ = false;
  std::string name_;
};

Error invalid(const std::string& problem) { return {ErrorCode::invalid_argument, "headers: " + problem}; }

Status check_names(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name.empty()) return invalid("a name is empty");
    if (name.find('\0') != std::string::npos) return invalid("a name has a NUL byte");
    if (name.size() > max_name_bytes) {
      return invalid("a name has " + std::to_string(name.size()) + " bytes; at most 255 are allowed");
    }
  }
  return {};
}

void append_escaped(std::string& json, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += "\\u00";
      json += digits[static_cast<unsigned char>(c) >> 4];
      json += digits[static_cast<unsigned char>(c) & 0xfu];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace

std::string headers_to_json(const Headers& headers) {
  std::string json = "{";
  for (const auto& [name, value] : headers) {
    if (json.size() > 1) json += ',';
    append_escaped(json, name);
    json += ':';
    append_escaped(json, value);
  }
  return json += '}';
}

Result<Headers> headers_from_json(std::string_view json) {
  if (json.empty()) return Headers{};
  if (json.size() > max_bytes) {
    return invalid(std::to_string(json.size()) + " bytes of JSON; at most " + std::to_string(max_bytes) +
                   " are allowed");
  }
  HeadersReader reader;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &reader)) return invalid(reader.problem);
  if (auto status = check_names(reader.headers); !status) return std::move(status).error();
  return std::move(reader.headers);
}

std::string texts_to_json(const std::vector<std::string>& texts) {
  return nlohmann::json(texts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace waybill
