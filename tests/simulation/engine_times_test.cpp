// How long messages took, as the engine measures it: by the store's clock and its own, never by a third one.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "relay/core.hpp"

namespace waybill::relay {
namespace {

using namespace std::chrono_literals;

class EngineTimes : public testing::Test {
 protected:
  EngineTimes() {
    config_.brokers.emplace_back().name = "main";
    auto& route = config_.routes.emplace_back();
    route.topic = "orders.*";
    route.broker = "main";
    core_ = std::make_unique<RelayCore>(config_);
    core_->handle(BrokerUp{BrokerIndex{0}, "broker:1"}, now_);
  }

  void open(store::WallClock wall) {
    LaneOpened opened;
    opened.state.wall = wall;
    core_->handle(opened, now_);
    core_->handle(BrokerUp{BrokerIndex{0}, "broker:1"}, now_);
  }

  /// Hands out one message that was stored then.
  Actions answer_fetch(std::int64_t stored_at_ms, store::WallClock wall = {}) {
    store::Claimed claimed;
    claimed.ticket = store::Ticket{++last_};
    claimed.stored_at_ms = stored_at_ms;
    Message message;
    message.id = MessageId("m" + std::to_string(last_));
    message.topic = Topic("orders.a");
    claimed.message = std::make_shared<const Message>(message);
    FreshFetched fetched;
    fetched.fetched.messages.push_back(claimed);
    fetched.fetched.wall = wall;
    return core_->handle(fetched, now_);
  }

  static std::size_t published(const Actions& actions) {
    std::size_t sum = 0;
    for (const auto& action : actions) {
      if (const auto* publish = std::get_if<Publish>(&action)) sum += publish->messages.size();
    }
    return sum;
  }

  /// Hands out one message that was stored then; it goes out at once.
  broker::Tag publish(std::int64_t stored_at_ms, store::WallClock wall = {}) {
    for (auto& action : answer_fetch(stored_at_ms, wall)) {
      if (auto* publish = std::get_if<Publish>(&action)) return publish->messages.front().tag;
    }
    ADD_FAILURE() << "nothing was published";
    return {};
  }

  void confirm(broker::Tag tag) {
    broker::Outcome outcome;
    outcome.tag = tag;
    outcome.kind = broker::OutcomeKind::confirmed;
    core_->handle(OutcomesArrived{BrokerIndex{0}, {outcome}}, now_);
  }

  RouteTotals totals() const { return core_->figures(0, now_).totals; }

  Config config_;
  std::unique_ptr<RelayCore> core_;
  MonoTime now_{1000s};
  std::uint64_t last_ = 0;
};

TEST_F(EngineTimes, FromCommitToConfirmIsTheAgeInTheStoreAndTheTimeSince) {
  open({1'000'000, now_ - 250ms});  // the store's clock was read a quarter of a second ago
  const auto tag = publish(999'000);
  now_ += 500ms;
  confirm(tag);
  EXPECT_NEAR(totals().commit_to_confirm.sum_seconds(), 1.0 + 0.25 + 0.5, 1e-9);
  EXPECT_NEAR(totals().confirm.sum_seconds(), 0.5, 1e-9);
}

TEST_F(EngineTimes, ANewerReadingOfTheStoresClockCounts) {
  open({1'000'000, now_});
  now_ += 5s;
  const auto tag = publish(2'000'000, {2'000'100, now_});  // it was set forward meanwhile
  confirm(tag);
  EXPECT_NEAR(totals().commit_to_confirm.sum_seconds(), 0.1, 1e-9);
}

TEST_F(EngineTimes, WithoutAClockOfTheStoreOnlyTheBrokerIsMeasured) {
  open({});
  confirm(publish(999'000));
  EXPECT_EQ(totals().commit_to_confirm.sum_seconds(), 0);
  std::uint64_t confirms = 0;
  const auto now = totals();
  for (const auto count : now.confirm.counts()) confirms += count;
  EXPECT_EQ(confirms, 1U);
}

// A process that stood still reads what the store said long before; meanwhile the lane may have gone to another.
TEST_F(EngineTimes, AnAnswerProvesTheLaneAsOfItsQuestion) {
  open({});
  now_ += 60s;
  EXPECT_EQ(published(answer_fetch(0)), 0U);
  const auto late = core_->handle(RetriesDue{}, now_);
  EXPECT_EQ(published(late), 0U);
  now_ += 1s;
  const auto asked = core_->handle(Tick{}, now_);
  EXPECT_TRUE(std::ranges::any_of(asked, [](const Action& one) { return std::holds_alternative<FetchDue>(one); }));
  now_ += 1s;
  EXPECT_EQ(published(core_->handle(RetriesDue{}, now_)), 1U) << "now it is proven";
}

TEST_F(EngineTimes, AMessageFromTheFutureTookNoTime) {
  open({1'000'000, now_});
  confirm(publish(INT64_MAX));
  EXPECT_EQ(totals().commit_to_confirm.sum_seconds(), 0);
  EXPECT_EQ(totals().commit_to_confirm.counts().front(), 1U);
}

}  // namespace
}  // namespace waybill::relay
