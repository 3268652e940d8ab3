#include "http/access.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "admin/search.hpp"
#include "core/text.hpp"
#include "core/validate.hpp"
#include "http/header.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

constexpr std::string_view scheme = "Bearer ";
constexpr std::size_t longest_name = 255;

/// `waybill.internal:7280` without the port, `[::1]:7280` without brackets and port; lower case.
std::string name_of(const std::string& host) {
  const auto lower = lower_ascii(host);
  if (lower.starts_with('[')) return lower.substr(1, lower.find(']') - 1);
  return lower.substr(0, lower.find(':'));
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

bool holds(const Grant& grant) { return !grant.expires_ms || admin::wall_clock_ms() < *grant.expires_ms; }

/// None when it is missing, or there more than once: the second may be somebody else's.
std::optional<std::string> only_value(const Request& request, const std::string& name) {
  const auto values = values_of(request, name);
  return values.size() == 1 ? std::optional{values.front()} : std::nullopt;
}

/// It goes into the audit log and the history of messages, as it is.
bool is_name_of_somebody(const std::string& name) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !name.empty() && name.size() <= longest_name && is_utf8(name) && std::ranges::none_of(name, is_control);
}

/// `a, b` as `a` and `b`.
std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto part = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

/// Whether a request that may change something comes from no other page: such a page can't send JSON without asking,
/// and a browser says where a request comes from.
bool is_of_our_page(const Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return true;
  const auto is_foreign = [](const auto& header) {
    return header.first == "sec-fetch-site" && header.second != "same-origin";
  };
  return request.content_type.starts_with("application/json") && std::ranges::none_of(request.headers, is_foreign);
}

}  // namespace

Access::Access(const HttpConfig& config) : config_(config) {}

std::variant<Principal, Response> Access::identify(const Request& request) const {
  if (!is_known_host(request.host)) {
    return problem(421, "unknown_host",
                   "this server is not '" + request.host + "'; a name it should answer to goes into hosts of [http]");
  }
  if (request.authorization.empty()) {
    if (config_.is_loopback() && !config_.knows_who_asks()) return Principal{"anonymous", {Grant{}}};
    return Principal{"anonymous", {}};
  }
  if (!request.authorization.starts_with(scheme)) return unauthorized("send the header `Authorization: Bearer TOKEN`");
  const auto digest = sha256_hex(std::string_view(request.authorization).substr(scheme.size()));
  // All are compared, so that the time says nothing about which ones there are.
  const TokenConfig* found = nullptr;
  for (const auto& token : config_.tokens) {
    if (is_equal(token.digest, digest)) found = &token;
  }
  if (config_.proxy && is_equal(config_.proxy->digest, digest)) return named_by_proxy(request);
  if (found == nullptr) return unauthorized("the token is unknown; it may have been revoked");
  if (!holds(found->grant)) {
    return unauthorized("the token of " + found->name + " has expired at " +
                        admin::format_when(*found->grant.expires_ms));
  }
  return Principal{found->name, {found->grant}};
}

// The proxy knows people by a cookie, which a browser also sends for a page of somebody else: such a page must not act.
std::variant<Principal, Response> Access::named_by_proxy(const Request& request) const {
  const auto& proxy = *config_.proxy;
  const auto user = only_value(request, proxy.user_header);
  if (!user || !is_name_of_somebody(*user))
    return unauthorized("the proxy names no user in the header " + proxy.user_header +
                        ", more than one, or none that can be written down");
  if (!is_of_our_page(request))
    return problem(403, "forbidden", "who is signed in at the proxy acts from this console, with application/json");
  Principal who{*user, {}, true};
  const auto add = [&](const MemberConfig& member) {
    if (holds(member.grant)) who.grants.push_back(member.grant);
  };
  for (const auto& member : config_.users) {
    if (member.name == *user) add(member);
  }
  const auto groups = split_list(only_value(request, proxy.groups_header).value_or(""));
  for (const auto& member : config_.groups) {
    if (std::ranges::find(groups, member.name) != groups.end()) add(member);
  }
  return who;
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
