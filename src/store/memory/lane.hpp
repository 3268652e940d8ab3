#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "store/memory/tables.hpp"
#include "store/store.hpp"

namespace waybill::store::memory {

/// One owner's session. What it keeps beside the tables is forgotten with it, as a process's memory is.
class MemoryLane final : public Lane {
 public:
  MemoryLane(std::shared_ptr<Tables> tables, std::uint32_t number, std::uint64_t max_payload);
  ~MemoryLane() override;
  MemoryLane(const MemoryLane&) = delete;
  MemoryLane& operator=(const MemoryLane&) = delete;

  /// Makes this session the owner. The caller holds the tables' mutex and has checked that nobody else is.
  void take(const std::string& holder);

  const LaneState& state() const override { return state_; }
  Result<Fetched> fetch(FetchLimit limit) override;
  Result<Due> due(LaneTime now, FetchLimit limit) override;
  Result<Fetched> backlog(const Scope& scope, FetchLimit limit) override;
  Result<Fetched> set_aside(const std::string& route, FetchLimit limit) override;
  Result<SettleReport> settle(const SettleBatch& batch) override;
  Status mark_suspect(Ticket ticket) override;
  Result<bool> await(Deadline deadline, int interrupt) override;

 private:
  LaneRow& row() { return tables_->lanes[number_]; }
  bool owned() { return row().held && row().fence == fence_; }
  /// Runs `act` under the mutex, as the owner, with the fault that is planned for the call.
  template <class T, class Act>
  Result<T> guarded(Call call, Act act);
  void catch_up();
  Fetched fetch_fresh(FetchLimit limit);
  Due find_due(LaneTime now, FetchLimit limit);
  Fetched read_backlog(const Scope& scope, FetchLimit limit);
  Fetched find_set_aside(const std::string& route, FetchLimit limit);
  void hand_out(Sequence sequence, RetryRow& row);
  Claimed claim_outbox(Sequence sequence, const OutboxRow& row, Origin origin) const;
  Claimed claim_retry(Sequence sequence, RetryRow& row);
  void limit_payload(Claimed& claimed) const;

  std::shared_ptr<Tables> tables_;
  std::uint32_t number_;
  std::uint64_t max_payload_;
  std::uint64_t fence_ = 0;
  std::string holder_;
  LaneState state_;
  std::set<Sequence> retries_out_;        ///< retry rows handed out and not settled since
  std::set<Sequence> outbox_out_;         ///< outbox rows handed out and not settled since
  std::map<Scope, Sequence> backlog_at_;  ///< how far each backlog was handed out
  std::uint64_t durable_fresh_ = 0;
};

}  // namespace waybill::store::memory
