#include "store/memory/lane.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "store/memory/settlement.hpp"
#include "store/memory/store.hpp"

namespace waybill::store {

Result<std::unique_ptr<Lane>> MemoryStore::acquire(std::uint32_t lane, const std::string& holder) {
  const std::lock_guard lock{tables_->mutex};
  if (lane >= tables_->lanes.size()) {
    return Error{ErrorCode::not_found, "store '" + config_.name + "' has no lane " + std::to_string(lane)};
  }
  const auto fault = tables_->options.faults ? tables_->options.faults(memory::Call::acquire) : memory::Fault::none;
  if (fault != memory::Fault::none) return Error{ErrorCode::unreachable, "memory store: told to fail"};
  const auto& row = tables_->lanes[lane];
  if (row.held) return Error{ErrorCode::busy, "lane " + std::to_string(lane) + " is held by " + row.holder};
  auto taken = std::make_unique<memory::MemoryLane>(tables_, lane, config_.max_payload);
  taken->take(holder);
  return std::unique_ptr<Lane>{std::move(taken)};
}

namespace memory {

MemoryLane::MemoryLane(std::shared_ptr<Tables> tables, std::uint32_t number, std::uint64_t max_payload)
    : tables_(std::move(tables)), number_(number), max_payload_(max_payload) {}

MemoryLane::~MemoryLane() {
  const std::lock_guard lock{tables_->mutex};
  if (!owned()) return;
  row().held = false;
  row().holder.clear();
}

void MemoryLane::take(const std::string& holder) {
  auto& lane = row();
  if (!lane.suspect) {
    lane.blamed.reset();
    lane.kills = 0;
  } else if (lane.suspect_fence == lane.fence) {
    lane.kills = lane.blamed == lane.suspect ? lane.kills + 1 : 1;
    lane.blamed = lane.suspect;
  }
  state_.clock = lane.clock;
  state_.unclean = !lane.clean;
  state_.wall = WallClock{tables_->wall_ms(), std::chrono::steady_clock::now()};
  if (lane.suspect) state_.suspect = Ticket{*lane.suspect};
  state_.suspect_kills = lane.kills;
  for (const auto& [scope, after] : lane.blocked) state_.blocked.push_back(scope);
  lane.formerly_claimed = lane.claimed;

  lane.clean = false;
  lane.held = true;
  lane.holder = holder_ = holder;
  fence_ = ++lane.fence;
  catch_up();
  lane.unseen.clear();
  for (auto& [sequence, outbox_row] : tables_->outbox) {
    if (tables_->lane_of(sequence, outbox_row.message.key) != number_) continue;
    if (tables_->options.rereads_parked) outbox_row.parked = false;
    if (outbox_row.commit == Commit::durable && !outbox_row.parked) lane.unseen.insert(sequence);
  }
}

void MemoryLane::catch_up() {
  const std::chrono::system_clock::time_point now{std::chrono::milliseconds{tables_->wall_ms()}};
  for (auto& [sequence, retry] : tables_->retry) {
    if (retry.lane != number_ || retry.state != "sending" || retry.reason != "delayed") continue;
    if (retry.message.not_before && *retry.message.not_before <= now) {
      retry.due_ms = std::min(retry.due_ms, state_.clock.ms);
    }
  }
}

template <class T, class Act>
Result<T> MemoryLane::guarded(Call call, Act act) {
  const std::lock_guard lock{tables_->mutex};
  const auto fault = tables_->options.faults ? tables_->options.faults(call) : Fault::none;
  if (fault == Fault::lose_lane && owned()) row().held = false;
  if (!owned()) return Error{ErrorCode::lost_lane, "lane " + std::to_string(number_) + " has another owner now"};
  if (fault == Fault::fail_before) return Error{ErrorCode::unreachable, "memory store: told to fail"};
  Result<T> result = act();
  if (fault == Fault::fail_after) return Error{ErrorCode::in_doubt, "memory store: told to lose the answer"};
  return result;
}

Result<Fetched> MemoryLane::fetch(FetchLimit limit) {
  return guarded<Fetched>(Call::fetch, [&] { return fetch_fresh(limit); });
}

Result<Due> MemoryLane::due(LaneTime now, FetchLimit limit) {
  return guarded<Due>(Call::due, [&] { return find_due(now, limit); });
}

Result<Fetched> MemoryLane::backlog(const Scope& scope, FetchLimit limit) {
  return guarded<Fetched>(Call::backlog, [&] { return read_backlog(scope, limit); });
}

Result<Fetched> MemoryLane::set_aside(const std::string& route, FetchLimit limit) {
  return guarded<Fetched>(Call::set_aside, [&] { return find_set_aside(route, limit); });
}

Result<SettleReport> MemoryLane::settle(const SettleBatch& batch) {
  return guarded<SettleReport>(Call::settle, [&]() -> Result<SettleReport> {
    std::set<Sequence> unanswered;  // may be settled a second time in the same batch
    for (const auto& settlement : batch.messages) {
      const auto& out = settlement.origin == Origin::retry ? retries_out_ : outbox_out_;
      if (settlement.unanswered) unanswered.insert(settlement.ticket.value);
      const bool again = settlement.origin == Origin::retry && unanswered.contains(settlement.ticket.value);
      if (!out.contains(settlement.ticket.value) && !again) {
        return Error{ErrorCode::refused, "ticket " + std::to_string(settlement.ticket.value) +
                                             " is not one that this session was handed and has not settled"};
      }
    }
    apply_settlement(*tables_, number_, holder_, batch);
    for (const auto& settlement : batch.messages) {
      (settlement.origin == Origin::retry ? retries_out_ : outbox_out_).erase(settlement.ticket.value);
      if (settlement.unanswered) retries_out_.insert(settlement.ticket.value);
      if (settlement.origin == Origin::fresh) ++durable_fresh_;
    }
    for (const auto& change : batch.scopes) {
      if (change.kind != ScopeChange::Kind::advance) backlog_at_.erase(change.scope);
    }
    return SettleReport{durable_fresh_};
  });
}

Status MemoryLane::mark_suspect(Ticket ticket) {
  auto marked = guarded<bool>(Call::mark_suspect, [&] {
    row().suspect = ticket.value;
    row().suspect_fence = fence_;
    return true;
  });
  return marked ? Status{} : Status{marked.error()};
}

Result<bool> MemoryLane::await(Deadline deadline, int interrupt) {
  while (true) {
    auto news = guarded<bool>(Call::await, [&] { return !row().unseen.empty(); });
    if (!news || *news || !tables_->options.blocking || deadline.passed()) return news;
    pollfd descriptor{interrupt, POLLIN, 0};
    const int wait = deadline.poll_timeout();
    if (poll(&descriptor, 1, wait < 2 ? wait : 2) > 0) return false;
  }
}

}  // namespace memory
}  // namespace waybill::store
