// What the engine tells of messages that do not go the usual way, for the log.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "relay/core.hpp"

namespace waybill::relay {
namespace {

using namespace std::chrono_literals;
using broker::OutcomeKind;

class EngineIncidents : public testing::Test {
 protected:
  EngineIncidents() {
    config_.brokers.emplace_back().name = "main";
    auto& route = config_.routes.emplace_back();
    route.topic = "orders.*";
    route.broker = "main";
    config_.relay.window = config_.relay.unsettled = 1000;
  }

  void start() {
    core_ = std::make_unique<RelayCore>(config_);
    core_->handle(LaneOpened{}, now_);
    core_->handle(BrokerUp{BrokerIndex{0}, "broker:1"}, now_);
  }

  /// The store hands them out; they go out at once.
  std::vector<broker::Tag> publish(int count, const char* topic = "orders.a") {
    FreshFetched fetched;
    for (int i = 0; i < count; ++i) {
      store::Claimed claimed;
      claimed.ticket = store::Ticket{++last_};
      Message message;
      message.id = MessageId("m" + std::to_string(last_));
      message.topic = Topic(topic);
      message.key = Key("secret-key");
      message.payload = "secret-payload";
      message.headers["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
      message.headers["card"] = "secret-header";
      claimed.message = std::make_shared<const Message>(message);
      fetched.fetched.messages.push_back(claimed);
    }
    std::vector<broker::Tag> tags;
    for (auto& action : core_->handle(fetched, now_)) {
      if (auto* sent = std::get_if<Publish>(&action)) {
        for (const auto& one : sent->messages) tags.push_back(one.tag);
      }
    }
    return tags;
  }

  void answer(const std::vector<broker::Tag>& tags, OutcomeKind kind, const std::string& words = "") {
    OutcomesArrived arrived;
    for (const auto tag : tags) arrived.outcomes.push_back({tag, kind, words});
    core_->handle(arrived, now_);
  }

  Incident only() {
    const auto taken = core_->take_incidents(now_);
    EXPECT_EQ(taken.incidents.size(), 1U);
    return taken.incidents.empty() ? Incident{} : taken.incidents.front();
  }

  RouteConfig& route() { return config_.routes.front(); }

  Config config_;
  MonoTime now_{1000s};
  std::uint64_t last_ = 0;
  std::unique_ptr<RelayCore> core_;
};

TEST_F(EngineIncidents, AConfirmedMessageIsNone) {
  start();
  answer(publish(3), OutcomeKind::confirmed);
  EXPECT_TRUE(core_->take_incidents(now_).incidents.empty());
}

TEST_F(EngineIncidents, AFailedMessageIsNamedWithItsTraceAndNothingOfItsContent) {
  start();
  answer(publish(1), OutcomeKind::unroutable, "312 NO_ROUTE");
  const auto incident = only();
  EXPECT_EQ(incident.kind, Incident::Kind::failed);
  EXPECT_EQ(incident.id, "m1");
  EXPECT_EQ(incident.topic, "orders.a");
  EXPECT_EQ(incident.route, "orders.*");
  EXPECT_EQ(incident.reason, "unroutable");
  EXPECT_EQ(incident.answer, "312 NO_ROUTE");
  EXPECT_EQ(incident.tries, 1U);
  EXPECT_EQ(incident.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(level_of(incident), "warn");
  EXPECT_EQ(in_words(incident), "message 'm1' (orders.a) failed: unroutable: 312 NO_ROUTE");
}

TEST_F(EngineIncidents, AMessageWithoutARouteIsOne) {
  start();
  publish(1, "stock.a");
  const auto incident = only();
  EXPECT_EQ(incident.reason, "no_route");
  EXPECT_TRUE(incident.route.empty());
}

TEST_F(EngineIncidents, ARefusedMessageIsTriedAgainOrDroppedAsItsRouteSays) {
  start();
  answer(publish(1), OutcomeKind::rejected, "queue full");
  auto incident = only();
  EXPECT_EQ(incident.kind, Incident::Kind::retried);
  EXPECT_EQ(level_of(incident), "info");
  EXPECT_EQ(in_words(incident), "message 'm1' (orders.a) will be tried again: rejected: queue full");
  route().on_nack = OnNack::drop;
  start();
  answer(publish(1), OutcomeKind::rejected, "queue full");
  incident = only();
  EXPECT_EQ(incident.kind, Incident::Kind::dropped);
  EXPECT_EQ(in_words(incident), "message 'm2' (orders.a) dropped: rejected: queue full");
}

TEST_F(EngineIncidents, ARouteAtFaultIsToldOfOnce) {
  start();
  const auto tags = publish(2);
  answer(tags, OutcomeKind::route_fault, "no exchange 'shop'");
  const auto incident = only();
  EXPECT_EQ(incident.reason, "route_fault");
  EXPECT_EQ(incident.answer, "no exchange 'shop'");
}

TEST_F(EngineIncidents, ABurstIsCountedAndNotWrittenOut) {
  start();
  answer(publish(400), OutcomeKind::unroutable);
  auto taken = core_->take_incidents(now_);
  EXPECT_EQ(taken.incidents.size(), 10U);
  EXPECT_EQ(taken.left_out, 0U) << "more may come within the second";
  now_ += 500ms;
  answer(publish(100), OutcomeKind::unroutable);
  taken = core_->take_incidents(now_);
  EXPECT_TRUE(taken.incidents.empty());
  EXPECT_EQ(taken.left_out, 0U);
  now_ += 500ms;
  EXPECT_EQ(core_->take_incidents(now_).left_out, 490U);
  answer(publish(1), OutcomeKind::unroutable);
  taken = core_->take_incidents(now_);
  EXPECT_EQ(taken.incidents.size(), 1U);
  EXPECT_EQ(taken.left_out, 0U);
}

TEST_F(EngineIncidents, ABurstThatGoesOnIsToldOfEachSecond) {
  start();
  std::uint64_t named = 0, left_out = 0, told = 0;
  for (int tenth = 0; tenth < 30; ++tenth) {
    answer(publish(100), OutcomeKind::unroutable);
    const auto taken = core_->take_incidents(now_);
    named += taken.incidents.size();
    left_out += taken.left_out;
    told += taken.left_out > 0 ? 1 : 0;
    now_ += 100ms;
  }
  EXPECT_EQ(named, 30U);
  EXPECT_EQ(told, 2U) << "of the last second when it is over";
  EXPECT_EQ(left_out, 2U * 990U);
}

}  // namespace
}  // namespace waybill::relay
