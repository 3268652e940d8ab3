#pragma once

#include <apache/rocketmq/v2/service.pb.h>

#include <chrono>
#include <string>

#include "core/time.hpp"

namespace waybill::broker::rocketmq {

namespace v2 = apache::rocketmq::v2;

/// What a consumer reads, and as whom.
struct Subscription {
  std::string topic, group, resource_namespace;
  /// How long nobody else gets what was received. What takes longer is asked for again in time.
  Duration invisible = std::chrono::seconds{60};
};

inline v2::Resource resource(const std::string& name, const std::string& resource_namespace) {
  v2::Resource made;
  made.set_name(name);
  made.set_resource_namespace(resource_namespace);
  return made;
}

/// A request about messages of the topic by the group.
template <class Request>
Request request_of(const Subscription& subscription) {
  Request request;
  *request.mutable_group() = resource(subscription.group, subscription.resource_namespace);
  *request.mutable_topic() = resource(subscription.topic, subscription.resource_namespace);
  return request;
}

}  // namespace waybill::broker::rocketmq
