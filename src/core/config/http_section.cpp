#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/config/sections.hpp"

namespace waybill {

bool HttpConfig::is_loopback() const { return address == "::1" || address.starts_with("127."); }

namespace config {
namespace {

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

bool is_address(const std::string& text) {
  in6_addr parsed{};
  return inet_pton(AF_INET, text.c_str(), &parsed) == 1 || inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

/// `127.0.0.1:7280`, `[::1]:7280`, `localhost:7280`.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Endpoint read;
  const auto digits = text.substr(colon + 1);
  const auto* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, read.port);
  if (error != std::errc{} || stop != end) return std::nullopt;
  read.address = text.substr(0, colon);
  const bool bracketed = read.address.size() > 2 && read.address.front() == '[' && read.address.back() == ']';
  if (bracketed) read.address = read.address.substr(1, read.address.size() - 2);
  if (read.address == "localhost") read.address = "127.0.0.1";
  const bool is_v6 = read.address.find(':') != std::string::npos;
  if (is_v6 != bracketed || !is_address(read.address)) return std::nullopt;
  return read;
}

void read_listen(Section& section, HttpConfig& http) {
  std::string listen;
  section.read_text("listen", listen);
  if (listen.empty()) return;
  if (listen == "off") {
    http.enabled = false;
    return;
  }
  const auto endpoint = parse_endpoint(listen);
  if (!endpoint) {
    section.fail("listen", "'" + listen + "' is no IP address with a port; write \"127.0.0.1:7280\" or \"off\"");
    return;
  }
  http.chosen = true;
  http.address = endpoint->address;
  http.port = endpoint->port;
}

/// What would let somebody in who should not be, or let a token be overheard.
void check_exposure(Section& section, const HttpConfig& http) {
  if (!http.enabled || http.is_loopback()) return;
  const std::string reachable = "'" + http.address + "' can be reached from other hosts";
  if (!http.knows_who_asks()) section.fail("listen", reachable + ": add [http.token.NAME], or listen on 127.0.0.1");
  if (!http.has_tls() && !http.insecure) {
    section.fail("listen",
                 reachable + ": set cert_file and key_file, or insecure = true when a proxy in front does TLS");
  }
}

}  // namespace

HttpConfig read_http(const Entry& root, Findings& findings) {
  HttpConfig http;
  Section section{root.value, root.place, "http", findings};
  read_listen(section, http);
  section.read_texts("hosts", http.hosts);
  section.read_text("cert_file", http.cert_file);
  section.read_text("key_file", http.key_file);
  section.read_flag("insecure", http.insecure);
  if (http.cert_file.empty() != http.key_file.empty()) {
    section.fail(http.cert_file.empty() ? "key_file" : "cert_file", "cert_file and key_file are needed together");
  }
  section.read_texts("mask", http.mask);
  section.read_texts("mask_headers", http.mask_headers);
  read_access(section, http, findings);
  check_exposure(section, http);
  section.finish();
  return http;
}

}  // namespace config
}  // namespace waybill
