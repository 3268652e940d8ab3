#include "core/url_parameters.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "core/text.hpp"

namespace waybill {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view of_mysql[] = {"ssl", "ssl_ca", "ssl_cert", "ssl_key", "socket"};
constexpr std::string_view of_redis[] = {"nodes"};
constexpr std::string_view of_rocketmq[] = {"routes"};

/// Nothing: others check them.
std::optional<Names> names_of(std::string_view scheme) {
  if (scheme == "mysql" || scheme == "mariadb") return of_mysql;
  if (scheme == "redis" || scheme == "rediss") return of_redis;
  if (scheme == "rocketmq" || scheme == "rocketmqs") return of_rocketmq;
  for (const auto plain : {"amqp", "amqps", "kafka", "kafkas", "sqlite"}) {
    if (scheme == plain) return Names{};
  }
  return std::nullopt;
}

Error unknown(const std::string& scheme, const std::string& name, Names known) {
  std::string text = "a URL of " + scheme + ":// has no parameter '" + name + "'";
  if (known.empty()) return {ErrorCode::invalid_configuration, text + ": settings are keys of its section"};
  std::string list;
  for (const auto each : known) list.append(list.empty() ? "" : ", ").append(each);
  text += "; there are " + list;
  if (const auto meant = nearest(name, known)) text += " (did you mean '" + *meant + "'?)";
  return {ErrorCode::invalid_configuration, text};
}

}  // namespace

Status check_parameters(const Url& url) {
  const auto known = names_of(url.scheme);
  if (!known) return {};
  for (const auto& [name, value] : url.query) {
    if (std::find(known->begin(), known->end(), name) == known->end()) return unknown(url.scheme, name, *known);
    if (name == "ssl" && value != "0" && value != "1" && value != "unverified") {
      return Error{ErrorCode::invalid_configuration, "the URL's ssl is 0, 1 or unverified, not '" + value + "'"};
    }
  }
  return {};
}

}  // namespace waybill
