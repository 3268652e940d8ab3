#include <string>

#include "broker/rocketmq/open.hpp"

namespace waybill::broker::rocketmq {
namespace {

Error absent() {
  return {ErrorCode::unsupported,
          "this build has no RocketMQ: build with -DWAYBILL_ROCKETMQ=ON, or use another broker"};
}

}  // namespace

Result<std::unique_ptr<Publisher>> open_publisher(const BrokerConfig&) { return absent(); }
Result<std::unique_ptr<Consumer>> open_consumer(const BrokerConfig&, const ConsumerOptions&) { return absent(); }
Result<std::vector<Finding>> examine(const BrokerConfig&, std::span<const Destination>) { return absent(); }

}  // namespace waybill::broker::rocketmq
