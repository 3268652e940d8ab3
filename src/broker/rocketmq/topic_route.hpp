#pragma once

#include <apache/rocketmq/v2/service.pb.h>

#include <compare>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/rocketmq/message.hpp"
#include "broker/rocketmq/settings.hpp"

namespace waybill::broker::rocketmq {

/// Where a topic's messages can go, and which kinds it takes.
struct TopicRoute {
  std::vector<Address> queues;  ///< for each queue that can be written to, the proxy that leads to it
  bool takes_normal = false;
  bool takes_fifo = false;
  bool takes_delayed = false;

  /// How the topic delivers this message.
  Delivering delivering(const Outgoing& outgoing) const;
  /// The proxy that leads to the queue of a message group: the same for every client of RocketMQ.
  const Address& of_group(const std::string& group) const;
};

/// Nothing when the topic has no queue that can be written to.
std::optional<TopicRoute> read_route(const v2::QueryRouteResponse& response);

/// One broker that has queues to read of a topic, and the proxy that leads to it.
struct Source {
  std::string broker;
  Address address;
  friend auto operator<=>(const Source&, const Source&) = default;
};
std::set<Source> read_sources(const v2::QueryRouteResponse& response);

v2::QueryRouteRequest route_request(const std::string& topic, const Address& asked,
                                    const std::string& resource_namespace);

}  // namespace waybill::broker::rocketmq
