#include "broker/rocketmq/settings.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include "core/url.hpp"

namespace waybill::broker::rocketmq {
namespace {

constexpr std::uint16_t default_port = 8081;

Error malformed(const std::string& where, const std::string& what) {
  return {ErrorCode::invalid_configuration, where + ": " + what};
}

std::string without_brackets(std::string_view host) {
  const bool has = host.starts_with('[') && host.ends_with(']');
  return std::string(has ? host.substr(1, host.size() - 2) : host);
}

Result<Address> read_address(std::string_view text, const std::string& where) {
  const auto colon = text.ends_with(']') ? std::string_view::npos : text.rfind(':');
  Address address{without_brackets(text.substr(0, colon)), default_port};
  if (address.host.empty()) return malformed(where, "a host of the list is empty");
  if (colon == std::string_view::npos) return address;
  const auto port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error == std::errc{} && end == port.data() + port.size() && address.port != 0) return address;
  return malformed(where, "the port of '" + address.host + "' is not a number from 1 to 65535");
}

// The URL keeps a list of hosts as one text, with the last one's port apart.
Result<std::vector<Address>> addresses_of(const Url& url, const std::string& where) {
  std::vector<Address> addresses;
  std::string_view rest = url.host;
  for (auto comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
    auto address = read_address(rest.substr(0, comma), where);
    if (!address) return std::move(address).error();
    addresses.push_back(*std::move(address));
    rest.remove_prefix(comma + 1);
  }
  if (rest.empty() && !addresses.empty()) return malformed(where, "a host of the list is empty");
  addresses.push_back({rest.empty() ? "localhost" : without_brackets(rest), url.port == 0 ? default_port : url.port});
  return addresses;
}

}  // namespace

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Settings::names() const {
  std::string names;
  for (const Address& proxy : proxies) names += (names.empty() ? "" : ",") + proxy.text();
  return names;
}

Result<Settings> settings_of(const BrokerConfig& config) {
  auto url = parse_url(config.url.reveal());
  if (!url) return std::move(url).error();
  const std::string where = "broker URL '" + config.url.masked() + "'";
  if (url->scheme != "rocketmq" && url->scheme != "rocketmqs") {
    return malformed(where, "expected rocketmq:// or rocketmqs://");
  }
  auto addresses = addresses_of(*url, where);
  if (!addresses) return std::move(addresses).error();
  Settings settings;
  settings.proxies = *std::move(addresses);
  settings.access_key = url->user;
  settings.secret_key = Secret(url->password);
  if (url->path.size() > 1) settings.resource_namespace = url->path.substr(1);
  for (const auto& [name, value] : url->query) {
    if (name != "routes") return malformed(where, "'" + name + "' is no setting of it; known is routes=ignore");
    if (value != "ignore" && value != "follow")
      return malformed(where, "routes is follow or ignore, not '" + value + "'");
    settings.follow_routes = value == "follow";
  }
  settings.tls = url->scheme == "rocketmqs";
  settings.insecure = config.insecure;
  settings.ca_file = config.ca_file;
  settings.cert_file = config.cert_file;
  settings.key_file = config.key_file;
  return settings;
}

}  // namespace waybill::broker::rocketmq
