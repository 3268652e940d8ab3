#include "broker/rocketmq/topic_route.hpp"

#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include "broker/rocketmq/subscription.hpp"

namespace waybill::broker::rocketmq {
namespace {

/// A replica has another id than 0.
bool is_allowed(const v2::MessageQueue& queue, v2::Permission permission) {
  const bool permitted = queue.permission() == permission || queue.permission() == v2::READ_WRITE;
  return permitted && queue.broker().id() == 0 && queue.broker().endpoints().addresses_size() > 0;
}

Address address_of(const v2::MessageQueue& queue) {
  const v2::Address& at = queue.broker().endpoints().addresses(0);
  return {at.host(), static_cast<std::uint16_t>(at.port())};
}

bool takes(const v2::MessageQueue& queue, v2::MessageType type) {
  const auto& types = queue.accept_message_types();
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// SipHash-2-4 with the key 00 01 .. 0f, as RocketMQ's own clients choose a group's queue.
std::uint64_t hash_of(const std::string& group) {
  std::array<unsigned char, 16> key{};
  std::iota(key.begin(), key.end(), static_cast<unsigned char>(0));
  std::array<unsigned char, 8> digest{};
  std::size_t wanted = digest.size();
  std::size_t size = 0;
  const std::array parameters{OSSL_PARAM_construct_size_t("size", &wanted), OSSL_PARAM_construct_end()};
  EVP_Q_mac(nullptr, "SIPHASH", nullptr, nullptr, parameters.data(), key.data(), key.size(),
            reinterpret_cast<const unsigned char*>(group.data()), group.size(), digest.data(), digest.size(), &size);
  std::uint64_t hash = 0;
  for (std::size_t i = digest.size(); i > 0; --i) hash = hash << 8u | digest[i - 1];
  return hash;
}

}  // namespace

Delivering TopicRoute::delivering(const Outgoing& outgoing) const {
  if (takes_delayed && has_delivery_time(outgoing)) return Delivering::delayed;
  // One that takes all kinds keeps an order only for whom it has a meaning.
  if (takes_fifo && (!takes_normal || outgoing.message->key)) return Delivering::fifo;
  return Delivering::normal;
}

const Address& TopicRoute::of_group(const std::string& group) const {
  const auto count = static_cast<std::int64_t>(queues.size());
  const std::int64_t rest = static_cast<std::int64_t>(hash_of(group)) % count;
  return queues[static_cast<std::size_t>(rest < 0 ? rest + count : rest)];
}

std::optional<TopicRoute> read_route(const v2::QueryRouteResponse& response) {
  TopicRoute route;
  for (const auto& queue : response.message_queues()) {
    if (!is_allowed(queue, v2::WRITE)) continue;
    route.queues.push_back(address_of(queue));
    route.takes_normal = route.takes_normal || takes(queue, v2::NORMAL) || takes(queue, v2::MESSAGE_TYPE_UNSPECIFIED);
    route.takes_fifo = route.takes_fifo || takes(queue, v2::FIFO);
    route.takes_delayed = route.takes_delayed || takes(queue, v2::DELAY);
  }
  if (route.queues.empty()) return std::nullopt;
  return route;
}

std::set<Source> read_sources(const v2::QueryRouteResponse& response) {
  std::set<Source> sources;
  for (const auto& queue : response.message_queues()) {
    if (is_allowed(queue, v2::READ)) sources.insert({queue.broker().name(), address_of(queue)});
  }
  return sources;
}

v2::QueryRouteRequest route_request(const std::string& topic, const Address& asked,
                                    const std::string& resource_namespace) {
  v2::QueryRouteRequest request;
  *request.mutable_topic() = resource(topic, resource_namespace);
  request.mutable_endpoints()->set_scheme(v2::DOMAIN_NAME);
  auto* address = request.mutable_endpoints()->add_addresses();
  address->set_host(asked.host);
  address->set_port(asked.port);
  return request;
}

}  // namespace waybill::broker::rocketmq
