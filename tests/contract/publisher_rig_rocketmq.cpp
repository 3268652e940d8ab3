#include <cstdlib>
#include <memory>

#include "core/url.hpp"
#include "gated_rig.hpp"
#include "rocketmq_topics.hpp"

namespace waybill::testing {
namespace {

/// The good topic keeps the order of message groups and has one queue; the one that rejects takes messages with a
/// delivery time only.
class RocketMqRig final : public TopicRig {
 public:
  RocketMqRig() {
    const char* url = std::getenv("WAYBILL_TEST_ROCKETMQ");
    const char* broker = std::getenv("WAYBILL_TEST_ROCKETMQ_BROKER");
    if (url == nullptr || broker == nullptr) {
      fault_ = "WAYBILL_TEST_ROCKETMQ is not set: `make test` starts a private broker and sets it";
      return;
    }
    direct_ = url;
    const auto parsed = parse_url(direct_);
    gate_ = std::make_unique<TcpGate>(parsed->host, parsed->port);
    topics_ = std::make_unique<RocketMqTopics>(broker);
    fault_ = topics_->create(good().exchange, "FIFO");
    if (fault_.empty()) fault_ = topics_->create(name_ + "-delayed", "DELAY");
    if (fault_.empty()) fault_ = topics_->create_group(name_);
  }

  BrokerConfig config() const override {
    BrokerConfig config;
    config.name = "rocketmq";
    // The routes name the proxy itself, past the gate.
    config.url = Secret("rocketmq://127.0.0.1:" + std::to_string(gate_->port()) + "?routes=ignore");
    return config;
  }
  broker::Destination good() const override { return {name_ + "-good", ""}; }
  broker::Destination rejecting() override { return {name_ + "-delayed", ""}; }
  broker::Destination missing() const override { return {name_ + "-missing", ""}; }
  std::string missing_words() const override { return "TOPIC_NOT_FOUND"; }
  std::size_t arrives_unanswered(std::size_t) const override { return 1; }

  bool redelivers_in_order() const override { return false; }
  // What a proxy still gave to a consumer that ended comes again after a while, as does what was given back.
  std::chrono::seconds redelivers_within() const override { return std::chrono::seconds{30}; }
  std::chrono::seconds lull() const override { return std::chrono::seconds{10}; }

  void remove_queue() override { topics_->remove(good().exchange); }

 private:
  std::unique_ptr<RocketMqTopics> topics_;
};

}  // namespace

std::unique_ptr<PublisherRig> make_rocketmq_rig() { return std::make_unique<RocketMqRig>(); }

}  // namespace waybill::testing
