#include "broker/rocketmq/open.hpp"

#include <utility>

#include "broker/rocketmq/channel.hpp"
#include "broker/rocketmq/consumer.hpp"
#include "broker/rocketmq/publisher.hpp"
#include "core/validate.hpp"

namespace waybill::broker::rocketmq {
namespace {

constexpr std::size_t longest_group = 120;

Status check_group(const std::string& group) {
  if (group.empty()) {
    return Error(ErrorCode::invalid_argument, "consumer: RocketMQ needs a group: its members share the topic");
  }
  // The rule is that of a topic's name, but shorter.
  if (group.size() > longest_group || rocketmq_topic_fault(group)) {
    return Error(ErrorCode::invalid_argument, "consumer: a group of RocketMQ has 1 to 120 letters, digits, '_', '-', " +
                                                  std::string("'%' and '|'; '") + group + "' is another");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Publisher>> open_publisher(const BrokerConfig& config) {
  return RocketMqPublisher::open(config);
}

Result<std::unique_ptr<Consumer>> open_consumer(const BrokerConfig& config, const ConsumerOptions& options) {
  auto settings = settings_of(config);
  if (!settings) return std::move(settings).error();
  if (auto status = check_group(options.group); !status) return std::move(status).error();
  // Opens no connection, but finds the files that it needs for one.
  if (auto channel = open_channel(*settings, settings->proxies.front()); !channel) return std::move(channel).error();
  Subscription subscription{options.queue, options.group, settings->resource_namespace};
  return std::unique_ptr<Consumer>(
      std::make_unique<RocketMqConsumer>(*std::move(settings), std::move(subscription), options.prefetch));
}

}  // namespace waybill::broker::rocketmq
