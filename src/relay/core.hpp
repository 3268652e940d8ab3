#pragma once

/// \file
/// The delivery engine of one lane: events in, actions out. It has no socket, no thread and no clock (`now` comes with
/// each event), so the simulation runs the very code that production runs. Not thread-safe.

#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "relay/event.hpp"
#include "relay/incident.hpp"
#include "relay/pipe.hpp"
#include "relay/route_state.hpp"
#include "relay/route_table.hpp"
#include "relay/sample.hpp"
#include "relay/sequences.hpp"
#include "relay/settle_buffer.hpp"
#include "relay/span.hpp"
#include "relay/tracked.hpp"

namespace waybill::relay {

class RelayCore {
 public:
  explicit RelayCore(const Config& config);

  /// Takes one event and gives what is to be done now. Store actions must be performed in the order given, one at a
  /// time, and each answered by its event, in that order; a failed one is answered by LaneLost instead.
  Actions handle(Event event, MonoTime now);

  /// When to send a Tick if nothing else happens before.
  MonoTime wake_at() const;

  /// After StopRequested: nothing is in flight and everything is settled, durably.
  bool is_stopped() const { return stopped_; }
  /// Nothing is left to send: see relay::Service::drained().
  bool is_drained() const;
  /// Stopped with nothing left in doubt.
  bool stopped_clean() const { return stopped_ && stopped_clean_; }

  RouteFigures figures(RouteIndex route, MonoTime now) const;
  const RouteTable& routes() const { return routes_; }
  const Pipe& pipe(BrokerIndex broker) const { return pipes_[broker.value]; }
  std::size_t in_flight() const;
  /// Handed out by the store and not yet durably settled there: never above `unsettled` (P3).
  std::uint64_t unsettled() const;
  std::size_t tracked() const { return tracked_.count(); }
  /// Some of the answers since this was last asked.
  std::vector<Sample> take_samples() { return samples_.take(); }
  /// The publications that were answered since this was last asked, of traced messages; none unless `[traces]` asks.
  Spans::Taken take_spans() { return spans_.take(); }
  /// What did not go the usual way since this was last asked.
  Incidents::Taken take_incidents(MonoTime now) { return incidents_.take(now); }
  std::size_t blocked_scopes() const { return sequences_.blocked_count(); }

 private:
  // core.cpp: the lane and the brokers come and go
  void on(const LaneOpened& event);
  void on(LaneLost event);
  void on(BrokerUp event);
  void on(const BrokerDown& event);
  void on(BrokerBlocked event);
  void on(RoutesPaused event);
  void on(StopRequested event);
  void on(Tick event);
  void forget_everything();
  void give_up_stopping();
  void blame(Tag tag, const LoneEnd& end);
  bool counts_against(const Tracked& tracked, const LoneEnd& end);
  Duration wait_of_suspect(const Tracked& tracked) const;

  // intake.cpp: what the store hands out
  void on(FreshFetched event);
  void on(RetriesDue event);
  void on(BacklogFetched event);
  void on(SetAsideFetched event);
  void admit(store::Claimed claimed, const store::Scope* draining);
  void enqueue(Tracked tracked);
  void take_turn(Tag tag);

  // publishing.cpp: what goes out
  void on(SuspectMarked event);
  void publish_ready();
  void publish_for(BrokerIndex broker);
  bool take_from(RouteIndex route, Pipe& pipe, std::vector<broker::Outgoing>& burst);
  void heard(MonoTime asked_at);
  bool may_publish() const;
  bool is_held_by_fault(const RouteState& state) const;
  bool has_a_place(RouteIndex route, const Pipe& pipe) const;
  void mark_before_publishing(Tag tag);
  broker::Outgoing send_off(Tag tag, Pipe& pipe, bool alone);

  // outcome.cpp: what the brokers say
  void on(const OutcomesArrived& event);
  void note(const Tracked& tracked, const broker::Outcome& outcome);
  void sample(const Tracked& tracked, const broker::Outcome& outcome);
  void trace(const Tracked& tracked, const broker::Outcome& outcome);
  void measure(const Tracked& confirmed, RouteTotals& totals) const;
  void take_outcome(BrokerIndex broker, const broker::Outcome& outcome, std::vector<Tag>& again);
  void take_back(Tracked& tracked);
  void send_again(Tag tag, std::vector<Tag>& again);
  void refused(Tag tag, const broker::Outcome& outcome);
  void exchange_at_fault(Tag tag, const std::string& answer, std::vector<Tag>& again);
  void queue_again(std::vector<Tag> tags);

  // verdict.cpp: what becomes of a message, and of its sequence
  void confirm(Tag tag);
  void drop(Tag tag);
  void retry_later(Tag tag, const char* reason, const std::string& answer, Duration wait);
  void tell(const Tracked& tracked, Incident::Kind kind, std::string_view reason, std::string_view answer);
  void fail(Tag tag, const std::string& reason, const std::string& answer);
  void hold_back(Tag tag);
  void try_again_or_fail(Tag tag, const char* reason, const std::string& answer, Duration wait);
  store::Settlement settlement_of(const Tracked& tracked, store::Verdict verdict);
  void set_aside(Tag tag);
  void leave_sequence(const store::Scope& scope, Tag tag);
  void leave_sequence_when_durable(Tag tag);
  void go_on_after_settlement();
  void go_on(const store::Scope& scope, Tag tag);
  bool block_scope(const Tracked& tracked, Tag tag);
  void put_back(Tag tag);
  void expect_retry();

  // settling.cpp: when the store is asked for what
  void on(Settled event);
  void flush_settlements();
  void settle_now();
  void finish_stop();
  void relieve_stuck_routes();
  void relieve(RouteIndex route);
  bool is_stuck(RouteIndex route) const;
  bool another_route_moves(RouteIndex route) const;
  void request_fetches();
  void prove_ownership();
  void request_fresh();
  void request_backlogs();
  void request_set_aside();
  bool has_room() const;
  std::size_t chunk() const;
  std::size_t buffer_limit() const;
  std::size_t bytes_for(std::size_t share) const;
  bool any_broker_usable() const;

  bool is_stopped_route(RouteIndex route) const;
  LaneTime lane_now() const;
  RouteState& state_of(const Tracked& tracked) { return states_[tracked.route]; }
  Pipe& pipe_of(RouteIndex route) { return pipes_[routes_.broker_of(route).value]; }
  store::Scope whole(RouteIndex route) const { return store::Scope{routes_.route(route).topic, std::nullopt}; }

  RelayConfig limits_;
  RouteTable routes_;
  std::vector<RouteState> states_;
  std::vector<Pipe> pipes_;
  std::vector<std::vector<RouteIndex>> routes_of_broker_;
  std::vector<std::size_t> turn_;  // per broker: the route that is served first next time
  TrackedSet tracked_;
  Sequences sequences_;
  SettleBuffer settle_;

  MonoTime now_{};
  Actions out_;

  // the lane
  bool open_ = false;
  bool unclean_ = false;
  LaneTime clock_base_{};
  MonoTime opened_at_{};
  store::WallClock wall_;
  MonoTime heard_at_{};  // when the lane was last proven to be ours
  std::optional<store::Ticket> suspect_;
  std::uint32_t suspect_kills_ = 0;
  std::optional<store::Ticket> harmless_;  // marked when this process lost the lane, and lived on
  std::uint64_t order_ = 0;
  std::uint64_t fresh_fetched_ = 0;
  std::uint64_t fresh_durable_ = 0;

  // store calls under way
  bool fetch_pending_ = false;
  MonoTime fetch_asked_at_{};
  bool due_pending_ = false;
  MonoTime due_asked_at_{};
  bool proving_ = false;  // the due call under way hands out nothing
  bool settle_pending_ = false;
  bool outbox_exhausted_ = false;
  bool outbox_empty_ = false;
  bool retries_empty_ = false;
  MonoTime next_due_{};
  MonoTime settled_at_{};  // last asked for: so far the store knows the lane's clock
  std::uint64_t settlements_issued_ = 0;
  std::uint64_t settlements_durable_ = 0;
  struct Leaving {
    store::Scope scope;
    Tag tag;
    std::uint64_t settlement = 0;
  };
  // In flight without an answer, and in the retry table meanwhile so that the memory is free for others.
  struct Unanswered {
    bool was_fresh = false;       // it counts as unsettled for as long as it is in flight
    std::uint64_t set_aside = 0;  // the settlement that moves it there
    std::uint64_t settled = std::numeric_limits<std::uint64_t>::max();  // the one that says what became of it
  };
  std::unordered_map<std::uint64_t, Unanswered> unanswered_;  // by ticket
  MonoTime relieved_at_{};
  std::deque<Leaving> leaving_;      // given up, and their sequences wait until the store knows
  std::uint64_t due_knows_ = 0;      // how many settlements the due call under way comes after
  std::uint64_t last_retry_in_ = 0;  // the settlement that carries the last retry to the store
  std::deque<store::Scope> backlog_wanted_;
  std::size_t backlogs_pending_ = 0;
  bool set_aside_pending_ = false;
  std::uint64_t set_aside_knows_ = 0;  // how many settlements the call under way comes after

  // after an unclean end: one message at a time, named in the store before it goes out
  bool recovering_ = false;
  std::optional<Tag> marked_;
  bool mark_durable_ = false;
  MonoTime marked_at_{};

  // the message that stood alone when a broker's connection was lost, until it is known whether the broker is back at
  // once
  struct Blame {
    Tag tag;
    MonoTime at{};
    LoneEnd end;
  };
  std::vector<std::optional<Blame>> blames_;

  struct Suspicion {
    std::uint64_t answers = 0;    // what the broker had answered at the last lone end
    std::uint32_t uncounted = 0;  // lone ends in a row that nothing showed to be the message's doing
  };
  std::unordered_map<std::uint64_t, Suspicion> suspicions_;  // by ticket: a suspect waits in the store meanwhile

  Samples samples_;
  Incidents incidents_;
  const bool traces_;
  Spans spans_;

  bool stopping_ = false;
  bool final_settle_ = false;
  bool stopped_ = false;
  bool stopped_clean_ = false;
};

}  // namespace waybill::relay
