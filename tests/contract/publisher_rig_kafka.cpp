#include <charconv>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "core/url.hpp"
#include "gated_rig.hpp"
#include "kafka_topics.hpp"

namespace waybill::testing {
namespace {

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

/// A gate at a port where the broker says that it is, the first that no other test has taken. `list` has
/// `listens:says,...`.
std::unique_ptr<TcpGate> take_gate(std::string_view list) {
  while (!list.empty()) {
    const auto one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    const auto colon = one.find(':');
    auto gate = std::make_unique<TcpGate>("127.0.0.1", port_of(one.substr(0, colon)), port_of(one.substr(colon + 1)));
    if (gate->port() != 0) return gate;
  }
  return nullptr;
}

class KafkaRig final : public TopicRig {
 public:
  KafkaRig() {
    const char* url = std::getenv("WAYBILL_TEST_KAFKA");
    const char* gates = std::getenv("WAYBILL_TEST_KAFKA_GATES");
    if (url == nullptr || gates == nullptr) {
      fault_ = "WAYBILL_TEST_KAFKA is not set: `make test` starts a private broker and sets it";
      return;
    }
    direct_ = url;
    gate_ = take_gate(gates);
    if (!gate_) {
      fault_ = "no gate of WAYBILL_TEST_KAFKA_GATES is free";
      return;
    }
    const auto parsed = parse_url(direct_);
    topics_ = std::make_unique<KafkaTopics>(parsed->host + ":" + std::to_string(parsed->port));
    fault_ = topics_->create(good().exchange, 1, {{"max.message.bytes", "20000000"}});
    if (fault_.empty()) fault_ = topics_->create(rejecting().exchange, 1, {{"max.message.bytes", "80"}});
  }
  ~KafkaRig() override {
    if (!topics_) return;
    topics_->remove(good().exchange);
    topics_->remove(rejecting().exchange);
  }

  BrokerConfig config() const override {
    BrokerConfig config;
    config.name = "kafka";
    config.url = Secret("kafka://127.0.0.1:" + std::to_string(gate_->port()));
    return config;
  }
  broker::Destination good() const override { return {name_ + ".good", ""}; }
  broker::Destination rejecting() override { return {name_ + ".small", ""}; }
  broker::Destination missing() const override { return {name_ + ".missing", ""}; }
  std::string missing_words() const override { return "Unknown topic"; }
  bool rides_over_cuts() const override { return true; }
  // librdkafka stops at five batches without an answer.
  std::size_t arrives_unanswered(std::size_t) const override { return 5; }
  bool marks_redelivery() const override { return false; }

  void remove_queue() override { topics_->remove(good().exchange); }

 private:
  std::unique_ptr<KafkaTopics> topics_;
};

}  // namespace

std::unique_ptr<PublisherRig> make_kafka_rig() { return std::make_unique<KafkaRig>(); }

}  // namespace waybill::testing
