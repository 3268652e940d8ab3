#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "store/postgresql/connection.hpp"
#include "store/postgresql/outbox_reader.hpp"
#include "store/postgresql/outstanding.hpp"
#include "store/postgresql/parking.hpp"
#include "store/postgresql/position_log.hpp"
#include "store/postgresql/retry_table.hpp"
#include "store/postgresql/truncation.hpp"
#include "store/postgresql/wake.hpp"
#include "store/store.hpp"

namespace waybill::postgresql {

/// What a lane is told when it is opened.
struct LaneSettings {
  std::uint32_t lane = 0;
  std::uint32_t lanes = 1;
  std::string holder;
  std::uint64_t max_payload = 0;
};

/// A held lane: one connection, which owns the lane's advisory lock, reads the outbox and writes the position. So who
/// writes the position owns the lane, and a lost connection is a lost lane.
class PostgresLane final : public store::Lane {
 public:
  PostgresLane(std::unique_ptr<Connection> connection, LaneSettings settings);

  /// Takes the lock and reads what the previous owner left. `busy` when somebody else holds it.
  Status take();

  const store::LaneState& state() const override { return state_; }
  Result<store::Fetched> fetch(store::FetchLimit limit) override;
  Result<store::Due> due(LaneTime now, store::FetchLimit limit) override;
  Result<store::Fetched> backlog(const store::Scope& scope, store::FetchLimit limit) override;
  Result<store::Fetched> set_aside(const std::string& route, store::FetchLimit limit) override;
  Result<store::SettleReport> settle(const store::SettleBatch& batch) override;
  Status mark_suspect(store::Ticket ticket) override;
  Result<bool> await(Deadline deadline, int interrupt) override;

 private:
  /// Rows that were seen and not handed out yet, with what handing them out means for the progress.
  struct Slice {
    Poll poll;
    std::vector<Pending> finished_far;  // not empty: the rows are theirs
    Seq scanned = 0;
  };

  // lane.cpp
  Status lock();
  Status follow_timeline();
  Status restore(const Position& position);
  Status store_position(Seq claimed, bool clean = false);
  Error lost(const Error& cause) const;

  // lane_fetch.cpp
  Result<store::Fetched> fetch_again(store::FetchLimit limit);
  Result<store::Fetched> fetch_new(store::FetchLimit limit);
  Result<Slice> look(std::size_t limit);
  std::size_t rows_that_fit(const store::FetchLimit& limit) const;
  Result<store::Fetched> hand_out(Slice slice, const store::FetchLimit& limit);
  Status make_safe(const Slice& slice, Seq last);
  Status await_durable();
  void note_read(const Slice& slice, bool all, Seq through);

  // lane_settle.cpp
  Status check_tickets(const store::SettleBatch& batch) const;
  std::vector<ToPark> take_settled(const store::SettleBatch& batch);
  Status write_settled(const store::SettleBatch& batch, const std::vector<ToPark>& parked);

  // lane_await.cpp
  Result<bool> look_for_news();
  Result<bool> get_up_to_look_on();
  Status prove_ownership();
  Status maintain();

  std::unique_ptr<Connection> connection_;
  LaneSettings settings_;
  store::LaneState state_;
  PositionLog log_;
  OutboxReader reader_;
  RetryTable retries_;
  Parking parking_;
  Wake wake_;
  Truncation truncation_;

  Progress progress_;
  Outstanding outstanding_;
  std::deque<Seq> again_;  // outstanding since before this session, not handed out in it yet
  Seq claimed_ = 0;        // stored
  Seq claim_ahead_ = 64;   // follows the size of fetches
  Seq flagged_ = 0;
  Seq stored_max_seq_ = 0;
  bool handed_out_since_stored_ = false;
  std::int64_t clock_ms_ = 0;
  std::optional<Seq> suspect_;  // as it is to be stored
  std::int64_t suspect_kills_ = 0;
  std::uint64_t durable_fresh_ = 0;

  std::optional<Slice> slice_;
  Seq last_drawn_ = 0;  // by the last poll
  std::size_t typical_bytes_ = 512;
  std::size_t asked_ = 500;

  Duration pause_;  // between two looks of await()
  int looks_without_news_ = 0;
  MonoTime next_look_{};
  MonoTime next_maintenance_{};
  MonoTime next_proof_{};
};

}  // namespace waybill::postgresql
