// A destination that takes nothing holds up nobody else (P5): neither the other routes of its broker nor those of
// another one, with order by key as without.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "node.hpp"

namespace waybill::simulation {
namespace {

class SilentRoute : public testing::Test {
 protected:
  SilentRoute() {
    config_.stores.emplace_back().name = "shop";
    add_route("stuck.*", "main");
    config_.relay.window = 8;
    config_.relay.unsettled = 32;
  }

  RouteConfig& add_route(const std::string& topic, const std::string& broker) {
    if (config_.broker(broker) == nullptr) config_.brokers.emplace_back().name = broker;
    auto& route = config_.routes.emplace_back();
    route.topic = topic;
    route.broker = broker;
    route.exchange = "shop";
    return route;
  }

  void start() {
    store_ = std::make_unique<store::MemoryStore>(config_.stores.front(), store::memory::Options{});
    node_ = std::make_unique<Node>(config_, *store_, ledger_, 0, 0);
    go_on(1);
  }

  void commit(const std::string& topic, int count, int keys) {
    auto transaction = store_->begin();
    for (int n = 0; n < count; ++n) {
      Message message;
      const auto id = topic + "-" + std::to_string(n);
      const auto key = std::to_string(n % keys);
      message.id = MessageId{id};
      message.topic = Topic{topic};
      message.key = Key{key};
      message.payload = "x";
      transaction.add(message);
      ledger_.written[id] =
          Written{id, key, topic, Nature::ordinary, Written::Fate::committed, ++ledger_.commits, false};
    }
    transaction.commit();
  }

  void step() {
    for (int n = 0; n < 8 && node_->has_store_work(); ++n) node_->step_store(now_, weather_, rng_);
    for (std::size_t broker = 0; broker < node_->wire_count(); ++broker) {
      while (node_->wire(broker).can_arrive()) node_->arrive(broker, now_, weather_, rng_);
      while (node_->wire(broker).can_answer()) node_->answer(broker, now_, rng_);
    }
    most_tracked_ = std::max(most_tracked_, node_->core().tracked());
    now_ += std::chrono::milliseconds{50};
    node_->tick(now_);
  }
  void go_on(int seconds) {
    for (int n = 0; n < seconds * 20; ++n) step();
  }
  std::uint64_t confirmed(relay::RouteIndex route) const { return node_->core().figures(route, now_).totals.confirmed; }

  /// In the order of their commits, key by key.
  void expect_order(const std::string& topic, int count, int keys) {
    std::vector<int> next(static_cast<std::size_t>(keys));
    for (int key = 0; key < keys; ++key) next[static_cast<std::size_t>(key)] = key;
    int arrived = 0;
    for (const auto& arrival : ledger_.arrivals) {
      if (!arrival.id.starts_with(topic)) continue;
      const int number = std::stoi(arrival.id.substr(topic.size() + 1));
      auto& expected = next[static_cast<std::size_t>(number % keys)];
      EXPECT_EQ(number, expected);
      expected += keys;
      ++arrived;
    }
    EXPECT_EQ(arrived, count);
  }

  Config config_;
  Ledger ledger_;
  Weather weather_;
  Rng rng_{1};
  MonoTime now_{std::chrono::seconds{1000}};
  std::size_t most_tracked_ = 0;
  std::unique_ptr<store::MemoryStore> store_;
  std::unique_ptr<Node> node_;
};

TEST_F(SilentRoute, LeavesRoomForTheOthersOfItsBroker) {
  add_route("moving.*", "main");
  start();
  node_->connect(0, now_);
  weather_.silent_topic = "stuck.created";
  commit("stuck.created", 24, 24);
  commit("moving.created", 100, 100);
  go_on(60);
  EXPECT_EQ(confirmed(1), 100U);
  for (const auto& [ticket, row] : store_->retry_rows()) EXPECT_EQ(row.tries, 0U);
  node_->wire(0).speak_again();
  weather_.silent_topic.clear();
  go_on(120);
  EXPECT_EQ(confirmed(0), 24U);
  EXPECT_TRUE(store_->retry_rows().empty() && store_->outbox_rows().empty());
  EXPECT_EQ(ledger_.arrivals.size(), 124U) << "nothing was sent twice";
}

TEST_F(SilentRoute, FillsTheWindowWhenItIsAlone) {
  start();
  node_->connect(0, now_);
  weather_.silent_topic = "stuck.created";
  commit("stuck.created", 24, 24);
  go_on(5);
  EXPECT_EQ(node_->core().in_flight(), 8U);
}

TEST_F(SilentRoute, ThatAPersonPausesSendsNothingAndHoldsUpNobody) {
  add_route("moving.*", "main");
  start();
  node_->connect(0, now_);
  node_->pause_routes({"by alice: maintenance", ""}, now_);
  commit("stuck.created", 100, 100);
  commit("moving.created", 100, 100);
  go_on(60);
  EXPECT_EQ(confirmed(1), 100U);
  EXPECT_EQ(ledger_.arrivals.size(), 100U) << "nothing of the paused route has left";
  const auto figures = node_->core().figures(0, now_);
  EXPECT_EQ(figures.state, relay::RouteFigures::State::paused);
  EXPECT_EQ(figures.detail, "by alice: maintenance");
  for (const auto& [ticket, row] : store_->retry_rows()) EXPECT_EQ(row.tries, 0U);
  node_->pause_routes({"", ""}, now_);
  go_on(120);
  EXPECT_EQ(confirmed(0), 100U);
  EXPECT_TRUE(store_->retry_rows().empty() && store_->outbox_rows().empty());
  EXPECT_EQ(ledger_.arrivals.size(), 200U) << "nothing was sent twice";
}

TEST_F(SilentRoute, GetsWhatWasSetAsideAtOnceWhenItMovesAgain) {
  add_route("moving.*", "main");
  start();
  node_->connect(0, now_);
  node_->pause_routes({"by alice: maintenance", ""}, now_);
  commit("stuck.created", 500, 500);
  commit("moving.created", 100, 100);
  go_on(400);
  for (const auto& [ticket, row] : store_->retry_rows()) EXPECT_EQ(row.reason, "set_aside");
  EXPECT_GT(store_->retry_rows().size(), 400U);
  node_->pause_routes({"", ""}, now_);
  go_on(10);
  EXPECT_EQ(confirmed(0), 500U);
  EXPECT_TRUE(store_->retry_rows().empty() && store_->outbox_rows().empty());
  EXPECT_EQ(ledger_.arrivals.size(), 600U) << "nothing was sent twice";
}

TEST_F(SilentRoute, GetsWhatAnEarlierOwnerSetAsideAtOnce) {
  add_route("moving.*", "main");
  start();
  node_->connect(0, now_);
  node_->pause_routes({"by alice: maintenance", ""}, now_);
  commit("stuck.created", 500, 500);
  go_on(400);
  node_->kill(weather_, rng_);
  node_ = std::make_unique<Node>(config_, *store_, ledger_, 1, 0);
  go_on(1);
  node_->connect(0, now_);
  go_on(20);
  EXPECT_EQ(confirmed(0), 500U);
  EXPECT_TRUE(store_->retry_rows().empty() && store_->outbox_rows().empty());
}

TEST_F(SilentRoute, ThatAPersonPausesStillTakesTheAnswersThatWereOnTheirWay) {
  start();
  node_->connect(0, now_);
  weather_.silent_topic = "stuck.created";
  commit("stuck.created", 24, 24);
  go_on(5);
  node_->pause_routes({"by alice"}, now_);
  node_->wire(0).speak_again();
  weather_.silent_topic.clear();
  go_on(5);
  EXPECT_EQ(confirmed(0), 8U);
  EXPECT_EQ(node_->core().in_flight(), 0U);
  node_->pause_routes({""}, now_);
  go_on(5);
  EXPECT_EQ(confirmed(0), 24U);
  EXPECT_EQ(ledger_.arrivals.size(), 24U);
}

TEST_F(SilentRoute, ShowsSomeAnswersAsTheyGoByAndCountsAll) {
  start();
  node_->connect(0, now_);
  commit("stuck.created", 100, 100);
  go_on(20);
  auto samples = node_->take_samples();
  ASSERT_EQ(samples.size(), 5U) << "a few of many confirms";
  EXPECT_EQ(samples.front().number, 1U);
  EXPECT_EQ(samples.front().topic, "stuck.created");
  EXPECT_EQ(samples.front().outcome, broker::OutcomeKind::confirmed);
  EXPECT_EQ(samples.front().attempt, 1U);
  EXPECT_TRUE(node_->take_samples().empty());
  weather_.nack_percent = 100;
  commit("stuck.refused", 1, 1);
  go_on(2);
  samples = node_->take_samples();
  ASSERT_FALSE(samples.empty());
  EXPECT_EQ(samples.front().number, 101U) << "those that were left out count";
  EXPECT_EQ(samples.front().outcome, broker::OutcomeKind::rejected);
}

/// Few keys: what waits for the broker waits behind the head of its key.
class SilentRouteInOrder : public SilentRoute {
 protected:
  SilentRouteInOrder() {
    config_.routes.front().order = Order::key;
    add_route("moving.*", "other");
  }
  static constexpr int messages = 500;

  void expect_the_other_moves() {
    commit("moving.created", 100, 100);
    go_on(90);
    EXPECT_EQ(confirmed(1), 100U);
    EXPECT_LE(most_tracked_, 32U + 8U);
    for (const auto& [ticket, row] : store_->retry_rows()) EXPECT_EQ(row.tries, 0U);
  }
  void expect_all_in_order(int keys) {
    go_on(600);
    EXPECT_EQ(confirmed(0), static_cast<std::uint64_t>(messages));
    expect_order("stuck.created", messages, keys);
    EXPECT_TRUE(store_->retry_rows().empty() && store_->outbox_rows().empty());
  }
};

TEST_F(SilentRouteInOrder, DoesNotFillTheMemoryWhenItIsSilent) {
  start();
  node_->connect(0, now_);
  node_->connect(1, now_);
  weather_.silent_topic = "stuck.created";
  commit("stuck.created", messages, 3);
  expect_the_other_moves();
  node_->wire(0).speak_again();
  weather_.silent_topic.clear();
  expect_all_in_order(3);
}

TEST_F(SilentRouteInOrder, DoesNotFillTheMemoryWhenItIsDown) {
  start();
  node_->connect(1, now_);
  commit("stuck.created", messages, 3);
  expect_the_other_moves();
  node_->connect(0, now_);
  expect_all_in_order(3);
}

TEST_F(SilentRouteInOrder, DoesNotFillTheMemoryWithOneHotKey) {
  start();
  node_->connect(1, now_);
  commit("stuck.created", messages, 1);
  expect_the_other_moves();
  node_->connect(0, now_);
  expect_all_in_order(1);
}

}  // namespace
}  // namespace waybill::simulation
