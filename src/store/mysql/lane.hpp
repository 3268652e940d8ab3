#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/due_position.hpp"
#include "store/mysql/connection.hpp"
#include "store/store.hpp"

namespace waybill::mysql {

using Seq = std::int64_t;

/// The blocked scopes, and after which row of each the messages wait.
using BlockedScopes = std::map<store::Scope, Seq>;

/// The one lane of a MySQL store, owned by a named lock of its connection. It reads the outbox by a cursor. A lower
/// number can be committed after a higher one, so each look ahead of the cursor looks, in the same snapshot, for the
/// numbers that were missing behind it: transactions that waited for each other are then seen in their order. A number
/// is given up as rolled back when every transaction has ended that was open when it was missed.
class MysqlLane final : public store::Lane {
 public:
  static Result<std::unique_ptr<store::Lane>> open(const StoreConfig& store, const std::string& holder);

  const store::LaneState& state() const override { return state_; }
  Result<store::Fetched> fetch(store::FetchLimit limit) override;
  Result<store::Due> due(LaneTime now, store::FetchLimit limit) override;
  Result<store::Fetched> backlog(const store::Scope& scope, store::FetchLimit limit) override;
  Result<store::Fetched> set_aside(const std::string& route, store::FetchLimit limit) override;
  Result<store::SettleReport> settle(const store::SettleBatch& batch) override;
  Status mark_suspect(store::Ticket ticket) override;
  Result<bool> await(Deadline deadline, int interrupt) override;

 private:
  MysqlLane(Connection connection, const StoreConfig& store, std::string holder);

  Status take();
  Status remember_previous_owner();
  Status catch_up();
  Status read_scopes();

  // claims.cpp
  /// The numbers of the next rows that fit, those behind the cursor first.
  Result<std::vector<Seq>> next_rows(store::FetchLimit limit, bool& more);
  Result<store::Fetched> read_claims(const std::vector<Seq>& seqs, store::Origin origin, store::FetchLimit limit);
  /// The retries that a condition and its values choose and that are not out, in the order of their times; `last`
  /// becomes where the last one stands.
  Result<store::Fetched> hand_out_retries(const std::string& condition, const Values& chosen, store::FetchLimit limit,
                                          store::DuePosition& last);
  Status claim_first_time(const Values& seqs);
  Status find_released(store::Due& due);
  void note_missing(const std::vector<Seq>& seqs);
  /// Gives up the numbers that nobody can commit any more.
  Status resolve_missing();
  bool looks_behind_everywhere() const;
  /// Stores durably that rows up to `seq` may have been sent. What was read is durable afterwards too: the log is
  /// flushed up to here.
  Status claim(Seq seq);
  Result<bool> any_news();

  // settlement.cpp
  Status check_tickets(const store::SettleBatch& batch) const;
  Status write_batch(const store::SettleBatch& batch);
  Status write_position(const store::SettleBatch& batch);

  Status require_owner();
  Status prove_ownership();
  Error lost() const;
  /// After an error nobody knows what is stored: every later call answers lost_lane.
  Error give_up(const Error& error);

  Connection connection_;
  std::string store_;
  std::string holder_;
  std::uint64_t max_payload_;
  store::LaneState state_;
  bool broken_ = false;

  std::int64_t fence_ = 0;
  Seq cursor_ = 0;            ///< looked at up to here
  Seq parked_until_ = 0;      ///< up to here the outbox holds rows that an owner before this one parked
  Seq claimed_ = 0;           ///< durably stored
  Seq claim_ahead_ = 64;      ///< follows the size of fetches
  Seq formerly_claimed_ = 0;  ///< rows up to here may have been sent by an owner before this one
  BlockedScopes scopes_;
  std::map<store::Scope, Seq> backlog_at_;                  ///< how far each backlog was handed out
  std::unordered_set<Seq> retries_out_;                     ///< handed out and not settled since
  std::map<std::string, store::DuePosition> set_aside_at_;  ///< by route: how far they were handed out
  std::unordered_set<Seq> outbox_out_;
  std::uint64_t durable_fresh_ = 0;

  std::map<Seq, MonoTime> missing_;        ///< numbers behind the cursor that were not there, and since when
  std::optional<MonoTime> unknown_since_;  ///< numbers are missing that `missing_` does not name
  bool sees_transactions_ = true;          ///< the server tells which are open
  MonoTime next_resolve_{};
  MonoTime next_sweep_{};
  MonoTime next_look_behind_{};
  MonoTime last_news_{};
  MonoTime last_proof_{};
};

}  // namespace waybill::mysql
