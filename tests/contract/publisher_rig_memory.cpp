#include "broker/memory/broker.hpp"
#include "core/uuid.hpp"
#include "publisher_rig.hpp"

namespace waybill::testing {
namespace {

using broker::memory::Broker;
using broker::memory::Reply;

class MemoryRig final : public PublisherRig {
 public:
  MemoryRig() : name_("rig-" + make_uuid7()), broker_(Broker::named(name_)) {
    broker_->declare_queue("good", "good");
    script();
  }

  BrokerConfig config() const override {
    BrokerConfig config;
    config.name = "memory";
    config.url = Secret("memory://" + name_);
    return config;
  }
  ConsumerOptions consumer() const override {
    ConsumerOptions options;
    options.url = "memory://" + name_;
    options.queue = "good";
    return options;
  }
  broker::Destination good() const override { return {"shop", "good"}; }
  broker::Destination rejecting() override { return {"shop", "rejecting"}; }
  broker::Destination unroutable() const override { return {"shop", "nowhere"}; }
  broker::Destination missing() const override { return {"missing", "good"}; }
  std::string missing_words() const override { return "404 NOT_FOUND"; }

  void cut() override { broker_->cut(); }
  void reachable(bool reachable) override { broker_->set_reachable(reachable); }
  void hold_confirms(bool hold) override {
    hold_ = hold;
    script();
  }
  void remove_queue() override { broker_->declare_queue("good", "nothing has this key"); }

 private:
  void script() {
    broker_->set_script([hold = hold_](const broker::Outgoing& message) {
      if (message.exchange == "missing") return Reply::route_fault;
      if (message.routing_key == "rejecting") return Reply::reject;
      return hold ? Reply::hold : Reply::confirm;
    });
  }

  std::string name_;
  std::shared_ptr<Broker> broker_;
  bool hold_ = false;
};

}  // namespace

std::unique_ptr<PublisherRig> make_memory_rig() { return std::make_unique<MemoryRig>(); }

}  // namespace waybill::testing
