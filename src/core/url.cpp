#include "core/url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <optional>

#include "core/text.hpp"

namespace waybill {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_scheme(std::string_view text) noexcept {
  const auto letter = [](char c) { return lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z'; };
  const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-'; };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), allowed);
}

std::optional<unsigned> hex_byte(std::string_view two) noexcept {
  unsigned value = 0;
  if (two.size() < 2) return std::nullopt;
  const auto [end, error] = std::from_chars(two.data(), two.data() + 2, value, 16);
  if (error != std::errc{} || end != two.data() + 2 || value == 0) return std::nullopt;
  return value;
}

// No message repeats any part of the text but the scheme: a password with a stray '/' or '@' could be in any of them.
Error malformed(std::string what) { return {ErrorCode::invalid_argument, "malformed URL: " + std::move(what)}; }

Result<std::string> decode(std::string_view text, std::string_view part) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) < 0x21 || text[i] == 0x7f) {
      return malformed("the " + std::string{part} + " has a space or control character; percent-encode it");
    }
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = hex_byte(text.substr(i + 1, 2));
    if (!byte)
      return malformed("the " + std::string{part} + " has a '%' without two hexadecimal digits (or %00) after it");
    decoded += static_cast<char>(*byte);
    i += 2;
  }
  return decoded;
}

Status assign(std::string& target, std::string_view text, std::string_view part) {
  auto decoded = decode(text, part);
  if (!decoded) return std::move(decoded).error();
  target = std::move(decoded).value();
  return {};
}

Status read_user(Url& url, std::string_view text) {
  const auto colon = text.find(':');
  if (auto status = assign(url.user, text.substr(0, colon), "user"); !status) return status;
  return colon == npos ? Status{} : assign(url.password, text.substr(colon + 1), "password");
}

Status read_port(Url& url, std::string_view text) {
  if (text.empty()) return {};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, url.port);
  if (error == std::errc{} && stop == end && url.port != 0) return {};
  return malformed(
      "the port is not a number from 1 to 65535 (in a password, '/', '?', '#', '@' and ':' must be "
      "percent-encoded)");
}

// A list of hosts (`a:1,b:2`, PostgreSQL) is kept as one text with the last one's port apart.
Status read_host(Url& url, std::string_view text) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const auto close = text.find(']');
    if (close == npos) return malformed("the host's '[' has no ']'");
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':')
      return malformed("after the host's ']' comes something else than ':port'");
    text = text.substr(1, close - 1);
    if (text.find(':') == npos) return malformed("the host in brackets is no IPv6 address");
  } else if (const auto colon = text.rfind(':'); colon != npos && text.find(',', colon) == npos) {
    port = text.substr(colon);
    text = text.substr(0, colon);
    if (text.find(':') != npos && text.find(',') == npos) {
      return malformed("the host has more than one ':'; put an IPv6 address in brackets");
    }
  }
  if (auto status = assign(url.host, text, "host"); !status) return status;
  return read_port(url, port.empty() ? port : port.substr(1));
}

Status read_query(Url& url, std::string_view text) {
  while (!text.empty()) {
    const auto amp = text.find('&');
    const auto pair = text.substr(0, amp);
    text = amp == npos ? std::string_view{} : text.substr(amp + 1);
    const auto equals = pair.find('=');
    std::string name;
    std::string value;
    if (auto status = assign(name, pair.substr(0, equals), "query"); !status) return status;
    if (equals != npos) {
      if (auto status = assign(value, pair.substr(equals + 1), "query"); !status) return status;
    }
    if (!name.empty()) url.query[name] = value;
  }
  return {};
}

Status read_authority(Url& url, std::string_view text) {
  const auto at = text.rfind('@');
  if (at == npos) return read_host(url, text);
  if (auto status = read_user(url, text.substr(0, at)); !status) return status;
  return read_host(url, text.substr(at + 1));
}

Status read_after_scheme(Url& url, std::string_view rest) {
  if (rest.find('#') != npos) return malformed("it has a '#', which must be percent-encoded as %23");
  const auto question = rest.find('?');
  const auto query = question == npos ? std::string_view{} : rest.substr(question + 1);
  rest = rest.substr(0, question);
  const auto slash = rest.find('/');
  url.has_path = slash != npos;
  if (auto status = read_authority(url, rest.substr(0, slash)); !status) return status;
  if (url.has_path) {
    if (auto status = assign(url.path, rest.substr(slash), "path"); !status) return status;
  }
  return read_query(url, query);
}

bool ends_with_password_key(std::string_view text) noexcept {
  constexpr std::string_view word = "password";
  if (text.size() < word.size()) return false;
  const auto tail = text.substr(text.size() - word.size());
  return std::equal(word.begin(), word.end(), tail.begin(), [](char a, char b) { return a == lower_ascii(b); });
}

// `password=` and `sslpassword=`, in a query and in a PostgreSQL connection string alike.
std::string mask_assignments(std::string_view text) {
  std::string masked;
  while (!text.empty()) {
    const auto equals = text.find('=');
    masked += text.substr(0, equals);
    if (equals == npos) break;
    masked += '=';
    const bool secret = ends_with_password_key(text.substr(0, equals));
    text = text.substr(equals + 1);
    if (!secret) continue;
    masked += "***";
    const auto end = text.find_first_of("& ");
    text = end == npos ? std::string_view{} : text.substr(end);
  }
  return masked;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == npos) return malformed("it has no '://'; expected scheme://user:password@host:port/path");
  const auto scheme = text.substr(0, colon);
  if (!is_scheme(scheme)) return malformed("before '://' stands no scheme such as postgresql or amqp");
  Url url;
  url.scheme = lower_ascii(std::string(scheme));
  if (auto status = read_after_scheme(url, text.substr(colon + 3)); !status) return std::move(status).error();
  return url;
}

// Up to the last '@' of all, not only of the authority: a password with an unencoded '/', '?' or '@' is a mistake that
// must not print it. The price is that a ':' and a later '@' outside of the user part hide what is between.
bool stays_on_this_host(std::string_view host) {
  return host.empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::string mask_url(std::string_view text) {
  const auto scheme = text.find("://");
  const auto start = scheme == npos ? 0 : scheme + 3;
  const auto at = text.rfind('@');
  if (at == npos || at < start) return mask_assignments(text);
  const auto colon = text.substr(start, at - start).find(':');
  if (colon == npos) return mask_assignments(text);
  return std::string{text.substr(0, start + colon + 1)} + "***" + mask_assignments(text.substr(at));
}

std::string percent_encoded(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out.push_back(c);
    } else {
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
    }
  }
  return out;
}

}  // namespace waybill
