#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/redis/connection.hpp"
#include "store/redis/entry_id.hpp"
#include "store/redis/message_fields.hpp"
#include "store/store.hpp"

namespace waybill::redis {

/// One owned lane: a stream and its consumer group. What was handed out and not settled is in the group's list of
/// pending entries. The lane is owned by a number that only rises and that each step compares: an older owner can do
/// nothing. A new owner may come when the connection of the last one is gone from the server, or when it was silent for
/// 12 s.
class RedisLane final : public store::Lane {
 public:
  static Result<std::unique_ptr<store::Lane>> open(const StoreConfig& store, std::uint32_t lane,
                                                   const std::string& holder);

  const store::LaneState& state() const override { return state_; }
  Result<store::Fetched> fetch(store::FetchLimit limit) override;
  Result<store::Due> due(LaneTime now, store::FetchLimit limit) override;
  Result<store::Fetched> backlog(const store::Scope& scope, store::FetchLimit limit) override;
  Result<store::Fetched> set_aside(const std::string& route, store::FetchLimit limit) override;
  Result<store::SettleReport> settle(const store::SettleBatch& batch) override;
  Status mark_suspect(store::Ticket ticket) override;
  Result<bool> await(Deadline deadline, int interrupt) override;

 private:
  RedisLane(Connection connection, const StoreConfig& store, std::uint32_t lane, std::string holder);

  Status take();
  void remember_previous_owner(Reply taken);

  // claims.cpp
  std::optional<store::Claimed> claim(Reply entry, store::Origin origin);
  store::Claimed claim_row(store::Ticket ticket, Reply fields);
  std::vector<store::Claimed> claim_rows(Reply rows);
  /// Moves entries that can't be handed out as they are to rows: those without a ticket, those that are gone.
  Status adopt(const std::vector<std::string>& entries);

  // settlement.cpp
  Status check_tickets(const store::SettleBatch& batch) const;
  std::vector<std::string> describe(const store::SettleBatch& batch) const;

  /// One of the library's functions, as the owner; the replicas have it too when it returns.
  Result<OwnedReply> run(std::string_view function, std::vector<std::string> arguments, std::string_view doing);
  Status wait_for_replicas(std::string_view doing);
  Status listen();
  Status prove_ownership();
  /// Every few seconds: counts what other clients removed from the stream.
  Status look_for_losses();
  Error lost() const;
  /// After an error nobody knows what is stored: every later call answers lost_lane.
  Error give_up(Error error);

  Connection connection_;
  std::optional<Connection> ear_;  ///< blocks in the server until there are new entries
  bool listening_ = false;
  StoreConfig store_;
  std::uint32_t lane_;
  std::string stream_;
  std::string holder_;
  store::LaneState state_;
  bool broken_ = false;

  std::string fence_;
  std::string salt_;
  EntryId formerly_;             ///< entries up to here may have been sent by an owner before this one
  std::string pending_ = "0-0";  ///< where to read pending entries from; empty: there are none left to read
  std::string last_;             ///< the last entry that was read
  std::map<store::Scope, std::string> backlog_at_;   ///< how far each backlog was handed out
  std::map<std::string, std::string> set_aside_at_;  ///< by route: the last ticket that was looked at
  std::unordered_set<std::uint64_t> retries_out_;    ///< handed out and not settled since
  std::unordered_set<std::uint64_t> outbox_out_;
  std::uint64_t durable_fresh_ = 0;
  MonoTime last_proof_{};
  MonoTime next_look_{};  ///< for losses
};

/// A scope as the library names it.
std::string name_of(const store::Scope& scope);
store::Scope scope_of(std::string_view name);

}  // namespace waybill::redis
