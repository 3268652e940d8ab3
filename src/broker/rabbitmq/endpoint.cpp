#include "broker/rabbitmq/endpoint.hpp"

#include "core/url.hpp"

namespace waybill::broker::rabbitmq {

std::string Endpoint::name() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> make_endpoint(const BrokerConfig& config) {
  auto url = parse_url(config.url.reveal());
  if (!url) return std::move(url).error();
  const std::string where = "broker URL '" + config.url.masked() + "'";
  if (url->scheme != "amqp" && url->scheme != "amqps") {
    return Error(ErrorCode::invalid_configuration, where + ": expected amqp:// or amqps://");
  }
  Endpoint endpoint;
  endpoint.tls = url->scheme == "amqps";
  endpoint.host = url->host.empty() ? "localhost" : url->host;
  endpoint.port = url->port != 0 ? url->port : (endpoint.tls ? 5671 : 5672);
  if (!url->user.empty()) {
    endpoint.user = url->user;
    endpoint.password = Secret(url->password);
  }
  if (url->has_path) endpoint.vhost = url->path.substr(url->path.empty() ? 0 : 1);
  // `amqp://host/` names a virtual host with an empty name by the letter; everybody who writes it means "/".
  if (endpoint.vhost.empty()) endpoint.vhost = "/";
  if (endpoint.vhost.size() > 255) {
    return Error(ErrorCode::invalid_configuration, where + ": the virtual host's name has more than 255 bytes");
  }
  endpoint.insecure = config.insecure;
  endpoint.ca_file = config.ca_file;
  endpoint.cert_file = config.cert_file;
  endpoint.key_file = config.key_file;
  endpoint.heartbeat = config.heartbeat;
  return endpoint;
}

}  // namespace waybill::broker::rabbitmq
