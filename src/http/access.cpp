#include "http/access.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "core/text.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

constexpr std::string_view scheme = "Bearer ";

/// `waybill.internal:7280` without the port, `[::1]:7280` without brackets and port; lower case.
std::string name_of(std::string host) {
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_loopback_name(const std::string& name) {
  const auto is_number = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  return name == "localhost" || name == "::1" || (name.starts_with("127.") && std::ranges::all_of(name, is_number));
}

bool is_equal(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Response unauthorized(const std::string& detail) {
  auto answer = problem(401, "unauthorized", detail);
  answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"waybill\"");
  return answer;
}

}  // namespace

Access::Access(const HttpConfig& config) : config_(config) {}

std::variant<Principal, Response> Access::identify(const Request& request) const {
  if (!is_known_host(request.host)) {
    return problem(421, "unknown_host",
                   "this server is not '" + request.host + "'; a name it should answer to goes into hosts of [http]");
  }
  if (request.authorization.empty()) {
    if (config_.is_loopback() && config_.tokens.empty()) return Principal{"anonymous", Role::viewer, false};
    return Principal{"anonymous", std::nullopt, false};
  }
  if (!request.authorization.starts_with(scheme)) return unauthorized("send the header `Authorization: Bearer TOKEN`");
  const auto digest = sha256_hex(std::string_view(request.authorization).substr(scheme.size()));
  // All are compared, so that the time says nothing about which ones there are.
  const TokenConfig* found = nullptr;
  for (const auto& token : config_.tokens) {
    if (is_equal(token.digest, digest)) found = &token;
  }
  if (found == nullptr) return unauthorized("the token is unknown; it may have been revoked");
  return Principal{found->name, found->role, found->payloads};
}

// Behind another name than ours stands a page of somebody else, whose name was made to lead here: where no token is
// asked for it could read. A proxy in front has its own name, which belongs into the configuration.
bool Access::is_known_host(const std::string& host) const {
  if (!config_.is_loopback()) return true;
  const auto name = name_of(host);
  if (is_loopback_name(name)) return true;
  return std::ranges::any_of(config_.hosts, [&](const auto& known) { return name_of(known) == name; });
}

}  // namespace waybill::http
