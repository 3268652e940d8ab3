// Single fault cases on the engine, told step by step: what the seeded schedules reach only by chance.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "node.hpp"

namespace waybill::simulation {
namespace {

class EngineCases : public testing::Test {
 protected:
  EngineCases() {
    config_.stores.emplace_back().name = "shop";
    config_.brokers.emplace_back().name = "main";
    config_.routes.emplace_back();
    route().topic = "orders.*";
    route().broker = "main";
    route().exchange = "shop";
    config_.relay.window = 8;
    config_.relay.unsettled = 32;
  }

  RouteConfig& route() { return config_.routes.front(); }

  void start() {
    store_ = std::make_unique<store::MemoryStore>(config_.stores.front(), store::memory::Options{});
    node_ = std::make_unique<Node>(config_, *store_, ledger_, 0, 0);
    work();
    node_->connect(0, now_);
  }

  void commit(const std::string& id, Nature nature = Nature::ordinary, Message message = {}) {
    message.id = MessageId{id};
    message.topic = Topic{"orders.created"};
    message.key = Key{"17"};
    message.payload = "x";
    auto transaction = store_->begin();
    transaction.add(message);
    transaction.commit();
    ledger_.written[id] =
        Written{id, "17", "orders.created", nature, Written::Fate::committed, ++ledger_.commits, false};
  }

  /// A broker that takes connections and ends each without a word, as soon as anything arrives.
  void end_each_connection(int times) {
    for (int i = 0; i < times; ++i) {
      work();
      if (node_->wire(0).can_answer()) node_->disconnect(0, broker::DownCause::lost, now_, weather_, rng_);
      if (!node_->wire(0).is_up()) node_->connect(0, now_);
      pass(std::chrono::seconds{1});
    }
  }
  /// What reaches a poison message ends the connection without naming a reason; the others are answered.
  void go_on_with_silent_ends(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (int n = 0; n < 12 && node_->has_store_work(); ++n) node_->step_store(now_, weather_, rng_);
      auto& wire = node_->wire(0);
      if (wire.can_arrive() && !wire.arrive(weather_, rng_)) {
        node_->disconnect(0, broker::DownCause::lost, now_, weather_, rng_);
      }
      if (wire.can_answer()) node_->answer(0, now_, rng_);
      if (!wire.is_up()) node_->connect(0, now_);
      now_ += std::chrono::milliseconds{500};
      node_->tick(now_);
    }
  }

  /// Performs store actions as long as there are any, then lets the messages arrive.
  void work(int rounds = 40) {
    for (int i = 0; i < rounds; ++i) {
      if (node_->has_store_work()) node_->step_store(now_, weather_, rng_);
      if (node_->wire(0).can_arrive()) node_->arrive(0, now_, weather_, rng_);
    }
  }
  void answer_all() {
    for (int i = 0; i < 200; ++i) {
      if (node_->wire(0).can_answer()) node_->answer(0, now_, rng_);
      pass(std::chrono::milliseconds{60});
    }
  }
  void pass(Duration time) {
    now_ += time;
    node_->tick(now_);
    work(4);
  }

  const relay::RouteTotals totals() const { return node_->core().figures(0, now_).totals; }

  Config config_;
  Ledger ledger_;
  Weather weather_;
  Rng rng_{1};
  MonoTime now_{std::chrono::seconds{1000}};
  std::unique_ptr<store::MemoryStore> store_;
  std::unique_ptr<Node> node_;
};

TEST_F(EngineCases, case_9_an_outage_of_24_hours_counts_nothing_and_holds_no_more_memory) {
  start();
  node_->disconnect(0, broker::DownCause::lost, now_, weather_, rng_);
  for (int minute = 0; minute < 24 * 60; ++minute) {
    commit("m" + std::to_string(minute));
    pass(std::chrono::minutes{1});
    EXPECT_LE(node_->core().tracked(), 16U);
  }
  EXPECT_TRUE(store_->retry_rows().empty());
  node_->connect(0, now_);
  for (int i = 0; i < 100; ++i) answer_all();
  EXPECT_EQ(ledger_.arrivals.size(), 24U * 60U);
  EXPECT_TRUE(store_->outbox_rows().empty());
  EXPECT_TRUE(store_->retry_rows().empty());
}

TEST_F(EngineCases, case_10_a_silent_broker_is_stalled_and_nothing_is_sent_again) {
  start();
  weather_.silent = true;
  commit("m1");
  work();
  for (int minute = 0; minute < 30; ++minute) pass(std::chrono::minutes{1});
  EXPECT_EQ(ledger_.arrivals.size(), 1U);
  EXPECT_EQ(node_->core().figures(0, now_).state, relay::RouteFigures::State::stalled);
  EXPECT_TRUE(store_->retry_rows().empty());
  answer_all();
  EXPECT_EQ(totals().confirmed, 1U);
  EXPECT_EQ(ledger_.arrivals.size(), 1U);
}

TEST_F(EngineCases, case_2_a_lost_connection_sends_again_what_was_in_flight_flagged) {
  start();
  commit("m1");
  commit("m2");
  work();
  node_->disconnect(0, broker::DownCause::closed, now_, weather_, rng_);
  now_ += std::chrono::seconds{60};
  node_->connect(0, now_);
  work();
  answer_all();
  ASSERT_EQ(ledger_.arrivals.size(), 4U);
  EXPECT_EQ(ledger_.arrivals[2].attempt, 2U);
  EXPECT_EQ(ledger_.arrivals[3].attempt, 2U);
}

TEST_F(EngineCases, case_16_a_missing_exchange_holds_its_route_and_fails_no_message) {
  start();
  weather_.exchange_missing = true;
  commit("m1");
  work();
  for (int i = 0; i < 20; ++i) answer_all();
  EXPECT_EQ(node_->core().figures(0, now_).state, relay::RouteFigures::State::down);
  EXPECT_TRUE(store_->retry_rows().empty());
  weather_.exchange_missing = false;
  for (int i = 0; i < 20; ++i) answer_all();
  EXPECT_EQ(ledger_.arrivals.size(), 1U);
  EXPECT_EQ(ledger_.arrivals.front().attempt, 1U) << "a message that the broker never took is no re-send";
}

TEST_F(EngineCases, more_than_max_attempts_refusals_fail_a_message_and_not_one_fewer) {
  route().max_attempts = 3;
  route().resend_after = std::chrono::seconds{1};
  start();
  commit("m1", Nature::always_rejected);
  work();
  for (int i = 0; i < 20; ++i) answer_all();
  ASSERT_EQ(store_->retry_rows().size(), 1U);
  const auto row = store_->retry_rows().begin()->second;
  EXPECT_EQ(row.state, "failed");
  EXPECT_EQ(row.reason, "rejected");
  EXPECT_EQ(ledger_.refusals["m1"], 4U);
}

TEST_F(EngineCases, case_5_a_poison_message_is_isolated_and_the_others_pass) {
  route().resend_after = std::chrono::seconds{1};
  start();
  commit("m1");
  commit("poison", Nature::poison);
  for (int i = 2; i < 12; ++i) commit("m" + std::to_string(i));
  for (int i = 0; i < 40; ++i) {
    work();
    answer_all();
    if (!node_->wire(0).is_up()) node_->connect(0, now_);
  }
  std::map<std::string, int> arrived;
  for (const auto& arrival : ledger_.arrivals) ++arrived[arrival.id];
  EXPECT_EQ(arrived.size(), 11U);
  ASSERT_EQ(store_->retry_rows().size(), 1U);
  EXPECT_EQ(store_->retry_rows().begin()->second.reason, "poison");
}

TEST_F(EngineCases, a_broker_that_ends_every_connection_fails_nobody) {
  route().max_attempts = 1;
  route().resend_after = std::chrono::seconds{1};
  start();
  for (int i = 0; i < 12; ++i) commit("m" + std::to_string(i));
  end_each_connection(300);
  for (const auto& [sequence, row] : store_->retry_rows()) {
    EXPECT_EQ(row.state, "sending") << row.message.id.str();
    EXPECT_EQ(row.tries, 0U) << row.message.id.str();
  }
  for (int i = 0; i < 40; ++i) answer_all();
  EXPECT_EQ(totals().confirmed, 12U);
  EXPECT_TRUE(store_->retry_rows().empty());
}

TEST_F(EngineCases, poison_that_ends_connections_without_a_word_fails_while_others_show_the_broker_healthy) {
  route().max_attempts = 2;
  route().resend_after = std::chrono::seconds{1};
  start();
  commit("poison", Nature::poison);
  go_on_with_silent_ends(200);
  ASSERT_EQ(store_->retry_rows().size(), 1U);
  EXPECT_EQ(store_->retry_rows().begin()->second.tries, 0U) << "nothing shows that the broker takes anything";
  for (int i = 0; i < 30; ++i) {
    commit("m" + std::to_string(i));
    go_on_with_silent_ends(20);
  }
  EXPECT_EQ(totals().confirmed, 30U);
  ASSERT_EQ(store_->retry_rows().size(), 1U);
  EXPECT_EQ(store_->retry_rows().begin()->second.state, "failed");
  EXPECT_EQ(store_->retry_rows().begin()->second.reason, "poison");
}

TEST_F(EngineCases, what_made_the_broker_close_is_blamed_though_it_was_handed_over_again_before_that_was_known) {
  start();
  commit("m1");
  work();  // it has arrived, and the broker ends the connection instead of answering
  for (std::uint32_t ends = 1; ends <= 3; ++ends) {
    node_->disconnect(0, broker::DownCause::protocol, now_, weather_, rng_);
    now_ += std::chrono::seconds{60};
    node_->connect(0, now_);
    work();
    ASSERT_EQ(store_->retry_rows().size(), 1U);
    const auto row = store_->retry_rows().begin()->second;
    EXPECT_EQ(row.reason, "suspect");
    EXPECT_EQ(row.tries, ends);
    pass(std::chrono::seconds{60});
    pass(std::chrono::seconds{1});
    work();
  }
}

TEST_F(EngineCases, nothing_is_drained_while_a_retry_waits_that_the_last_look_came_too_early_for) {
  start();
  commit("m1", Nature::always_rejected);
  work();
  now_ += std::chrono::seconds{2};
  node_->tick(now_);  // asks for what is due, and the refusal comes before the answer
  node_->answer(0, now_, rng_);
  work();
  ASSERT_EQ(store_->retry_rows().size(), 1U);
  EXPECT_FALSE(node_->core().is_drained());
}

TEST_F(EngineCases, a_stop_does_not_wait_for_a_store_that_is_lost) {
  start();
  commit("m1");
  work();
  node_->request_stop(now_);
  store_->steal(0);
  now_ += std::chrono::seconds{5};
  node_->tick(now_);
  while (node_->holds_lane()) node_->step_store(now_, weather_, rng_);
  EXPECT_TRUE(node_->core().is_stopped());
  EXPECT_FALSE(node_->core().stopped_clean());
}

TEST_F(EngineCases, case_41_only_monotonic_time_decides_when_a_retry_is_due) {
  route().resend_after = std::chrono::seconds{30};
  start();
  commit("m1", Nature::always_rejected);
  work();
  for (int i = 0; i < 3; ++i) answer_all();  // refused once, 36 s went by: refused twice
  const auto refused = ledger_.refusals["m1"];
  EXPECT_GE(refused, 1U);
  EXPECT_LE(refused, 3U);
}

TEST_F(EngineCases, a_relay_that_dies_idle_does_not_begin_a_wait_anew) {
  start();
  Message later;
  later.not_before = std::chrono::system_clock::time_point{std::chrono::minutes{10}};  // the store's clock stands at 0
  commit("m1", Nature::ordinary, later);
  for (int owner = 0; owner < 5; ++owner) {
    for (int second = 0; second < 120; ++second) pass(std::chrono::seconds{1});
    node_->kill(weather_, rng_);
    node_ = std::make_unique<Node>(config_, *store_, ledger_, 0, 0);
    work();
    node_->connect(0, now_);
  }
  for (int second = 0; second < 180; ++second) pass(std::chrono::seconds{1});
  EXPECT_EQ(ledger_.arrivals.size(), 1U);
}

TEST_F(EngineCases, store_calls_under_way_share_the_memory) {
  relay::RelayCore core(config_);
  store::LaneState state;
  for (const auto* key : {"1", "2", "3", "4", "5", "6"}) state.blocked.push_back({"orders.*", key});
  std::size_t asked = 0;
  const auto count = [&](const relay::Actions& actions) {
    for (const auto& action : actions) {
      if (const auto* fresh = std::get_if<relay::FetchFresh>(&action)) asked += fresh->limit.bytes;
      if (const auto* due = std::get_if<relay::FetchDue>(&action)) asked += due->limit.bytes;
      if (const auto* backlog = std::get_if<relay::FetchBacklog>(&action)) asked += backlog->limit.bytes;
    }
  };
  core.handle(relay::LaneOpened{state}, now_);
  count(core.handle(relay::BrokerUp{relay::BrokerIndex{0}, "model"}, now_));
  store::Due due;
  due.released = state.blocked;
  count(core.handle(relay::RetriesDue{due}, now_));
  EXPECT_GT(asked, 0U);
  EXPECT_LE(asked, config_.relay.buffer_bytes);
}

TEST(PipeCases, a_message_lost_with_a_channel_and_again_with_its_connection_stood_alone) {
  relay::Pipe pipe{8};
  pipe.up("model:0");
  pipe.lost(broker::Tag{1});
  pipe.lost(broker::Tag{1});
  EXPECT_EQ(pipe.down("connection ended"), broker::Tag{1});
  pipe.up("model:0");
  pipe.lost(broker::Tag{1});
  pipe.lost(broker::Tag{2});
  EXPECT_EQ(pipe.down("connection ended"), std::nullopt);
}

TEST_F(EngineCases, a_window_of_any_size_is_filled) {
  for (const std::uint32_t window : {1U, 2U, 10U, 100U, 249U, 1000U}) {
    config_.relay.window = window;
    config_.relay.unsettled = window * 4;
    ledger_ = Ledger{};
    start();
    for (std::uint32_t i = 0; i < window * 3; ++i) commit("m" + std::to_string(i));
    for (int i = 0; i < 20; ++i) pass(std::chrono::milliseconds{100});
    EXPECT_EQ(node_->core().in_flight(), window) << "window " << window;
  }
}

}  // namespace
}  // namespace waybill::simulation
