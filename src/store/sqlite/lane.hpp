#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/due_position.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/ownership.hpp"
#include "store/store.hpp"

namespace waybill::sqlite {

/// The blocked scopes, and after which row of each the messages wait.
using BlockedScopes = std::map<store::Scope, std::int64_t>;

/// The one lane of a SQLite store. It reads the outbox by a cursor: there is one writer at a time, so the order of the
/// rows is the order of the commits, and none can appear behind the cursor. No read transaction stays open between
/// calls, or the write-ahead log could not be emptied.
class SqliteLane final : public store::Lane {
 public:
  static Result<std::unique_ptr<store::Lane>> open(const std::string& path, const std::string& holder,
                                                   std::uint64_t max_payload);

  const store::LaneState& state() const override { return state_; }
  Result<store::Fetched> fetch(store::FetchLimit limit) override;
  Result<store::Due> due(LaneTime now, store::FetchLimit limit) override;
  Result<store::Fetched> backlog(const store::Scope& scope, store::FetchLimit limit) override;
  Result<store::Fetched> set_aside(const std::string& route, store::FetchLimit limit) override;
  Result<store::SettleReport> settle(const store::SettleBatch& batch) override;
  Status mark_suspect(store::Ticket ticket) override;
  Result<bool> await(Deadline deadline, int interrupt) override;

 private:
  SqliteLane(Connection connection, Ownership ownership, std::string path, std::string holder,
             std::uint64_t max_payload);

  Status take();
  Status remember_previous_owner(Statement& row);
  Status catch_up();
  Status read_scopes();

  Result<store::Fetched> read_claims(Statement& rows, store::Origin origin, store::FetchLimit limit);
  Result<store::Fetched> read_retries(Statement& rows, store::FetchLimit limit, store::DuePosition& last);
  Status hand_out(const std::vector<store::Claimed>& retries);
  Status claim_first_time(const std::vector<store::Claimed>& retries);
  Status find_released(store::Due& due);
  /// Stores durably that rows up to `seq` may have been sent; what was read is durable itself afterwards.
  Status claim(std::int64_t seq);
  /// How far a settlement should store that rows may have been sent: ahead of the cursor, so that fetch() need not
  /// write.
  std::int64_t claim_with_settlement() const;
  Status write_batch(const store::SettleBatch& batch);
  Status write_position(const store::SettleBatch& batch, std::int64_t claimed);
  Status write_clean_stop();
  /// The last statement must have changed the lane's row; it does so only for the owner with the highest fence.
  Status require_owner() const;
  Status prove_ownership();
  Result<std::int64_t> data_version();
  Error lost() const;
  /// After an error nobody knows what is stored: every later call answers lost_lane.
  Error give_up(Error error);

  Ownership ownership_;  // given back last, when the connection is closed
  Connection connection_;
  std::string path_;
  std::string holder_;
  std::uint64_t max_payload_;
  static store::WallClock wall_clock();

  store::LaneState state_;
  bool broken_ = false;

  std::int64_t fence_ = 0;
  std::int64_t cursor_ = 0;            ///< fresh rows up to here were handed out
  std::int64_t claimed_ = 0;           ///< durably stored
  std::int64_t claim_ahead_ = 64;      ///< follows the size of fetches
  std::int64_t formerly_claimed_ = 0;  ///< rows up to here may have been sent by an owner before this one
  std::int64_t parked_until_ = 0;      ///< up to here the outbox holds rows that an owner before this one parked
  BlockedScopes scopes_;
  std::map<store::Scope, std::int64_t> backlog_at_;         ///< how far each backlog was handed out
  std::unordered_set<std::int64_t> retries_out_;            ///< handed out and not settled since
  std::map<std::string, store::DuePosition> set_aside_at_;  ///< by route: how far they were handed out
  std::uint64_t durable_fresh_ = 0;

  std::int64_t seen_version_ = -1;  ///< of the database, before the last fetch
  MonoTime last_news_{};
  MonoTime last_proof_{};
};

}  // namespace waybill::sqlite
