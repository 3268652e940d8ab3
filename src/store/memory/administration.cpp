// What people see of the memory store and do to it: counts, failed messages, one message's whereabouts.

#include <algorithm>

#include "core/glob.hpp"
#include "store/failed_filter.hpp"
#include "store/failed_groups.hpp"
#include "store/memory/store.hpp"

namespace waybill::store {
namespace {

using memory::Commit;
using memory::RetryRow;
using memory::Sequence;
using memory::Tables;

bool matches(const FailedFilter& filter, Sequence sequence, const RetryRow& row) {
  if (sequence <= filter.after.value || row.state != filter.state) return false;
  return passes(filter, row);
}

Troubled describe(const Tables& tables, Sequence sequence, const RetryRow& row) {
  Troubled troubled;
  troubled.ticket = Ticket{sequence};
  troubled.lane = row.lane;
  troubled.message = row.message;
  troubled.state = row.state;
  troubled.route = row.route;
  troubled.attempts = row.attempts;
  troubled.tries = row.tries;
  troubled.reason = row.reason;
  troubled.answer = row.answer;
  troubled.stored_at_ms = row.stored_at_ms;
  troubled.changed_at_ms = row.changed_at_ms;
  troubled.due_in_ms =
      row.state == "sending" ? std::max<std::int64_t>(0, row.due_ms - tables.lanes[row.lane].clock.ms) : 0;
  return troubled;
}

/// Moves rows from one of `from` to `to` and remembers who did it; gives how many were in such a state.
std::uint64_t change_state(Tables& tables, std::span<const Ticket> tickets, std::span<const std::string_view> from,
                           std::string_view to, const Attempt& remark) {
  std::uint64_t changed = 0;
  for (const auto ticket : tickets) {
    const auto entry = tables.retry.find(ticket.value);
    if (entry == tables.retry.end()) continue;
    auto& row = entry->second;
    if (std::find(from.begin(), from.end(), row.state) == from.end()) continue;
    row.state = to;
    row.changed_at_ms = tables.wall_ms();
    if (to == "sending") {
      row.tries = 0;
      row.due_ms = 0;
    }
    // A dropped message releases its scope for good: restored, it must not hold up what has flowed on since.
    if (to == "dropped") row.blocks = false;
    auto line = remark;
    line.at_ms = tables.wall_ms();
    line.attempt = row.attempts;
    tables.history[row.message.id.str()].push_back(std::move(line));
    ++changed;
  }
  return changed;
}

Attempt remark_of(std::string outcome, const std::string& who, const std::string& why) {
  Attempt remark;
  remark.outcome = std::move(outcome);
  remark.answer = why;
  remark.relay = who;
  return remark;
}

void find_blocker(const Tables& tables, std::uint32_t lane, const Message& message, Whereabouts& found) {
  for (const auto& [scope, after] : tables.lanes[lane].blocked) {
    if (!glob_matches(scope.route, message.topic.str()) || !memory::covers(scope, scope.route, message.key)) continue;
    found.blocked_by = scope;
    if (const auto* blocker = tables.blocker(lane, scope)) found.blocking_id = blocker->message.id.str();
    return;
  }
}

}  // namespace

Result<Counts> MemoryStore::counts() {
  const std::lock_guard lock{tables_->mutex};
  Counts counts;
  counts.oldest_transaction_seconds = 0;
  std::optional<std::int64_t> oldest;
  const auto count_sending = [&](std::int64_t stored_at_ms) {
    ++counts.sending;
    oldest = std::min(oldest.value_or(stored_at_ms), stored_at_ms);
  };
  for (const auto& [sequence, row] : tables_->outbox) {
    if (row.commit != Commit::open) count_sending(row.stored_at_ms);
  }
  for (const auto& [sequence, row] : tables_->retry) {
    if (row.state == "sending") count_sending(row.stored_at_ms);
    if (row.state == "failed") ++counts.failed;
  }
  if (oldest) counts.oldest_sending_seconds = static_cast<double>(tables_->wall_ms() - *oldest) / 1000.0;
  for (const auto& lane : tables_->lanes) counts.blocked_scopes += lane.blocked.size();
  return counts;
}

Result<std::vector<LaneHolder>> MemoryStore::holders() {
  const std::lock_guard lock{tables_->mutex};
  std::vector<LaneHolder> holders;
  for (std::uint32_t lane = 0; lane < tables_->lanes.size(); ++lane) {
    holders.push_back({lane, tables_->lanes[lane].held ? tables_->lanes[lane].holder : ""});
  }
  return holders;
}

Result<std::vector<Troubled>> MemoryStore::troubled(const FailedFilter& filter) {
  const std::lock_guard lock{tables_->mutex};
  std::vector<Troubled> page;
  for (const auto& [sequence, row] : tables_->retry) {
    if (page.size() >= filter.limit) break;
    if (!matches(filter, sequence, row)) continue;
    page.push_back(describe(*tables_, sequence, row));
    if (!filter.payloads) page.back().message.payload.clear();
  }
  return page;
}

Result<std::vector<FailedGroup>> MemoryStore::failed_groups(const FailedFilter& filter) {
  const std::lock_guard lock{tables_->mutex};
  FailedGroups groups;
  for (const auto& [sequence, row] : tables_->retry) {
    if (!matches(filter, sequence, row)) continue;
    groups.add({row.route, row.reason, row.answer, 1, row.changed_at_ms, row.changed_at_ms, row.message.id.str()});
  }
  return groups.largest_first(filter.limit);
}

Result<Whereabouts> MemoryStore::locate(const MessageId& id) {
  const std::lock_guard lock{tables_->mutex};
  Whereabouts found;
  if (const auto history = tables_->history.find(id.str()); history != tables_->history.end()) {
    found.history = history->second;
  }
  for (const auto& [sequence, row] : tables_->retry) {
    if (row.message.id != id) continue;
    found.place = Whereabouts::Place::retry;
    found.troubled = describe(*tables_, sequence, row);
    found.lane = row.lane;
    found.holder = tables_->lanes[row.lane].holder;
    return found;
  }
  for (const auto& [sequence, row] : tables_->outbox) {
    if (row.message.id != id || row.commit == Commit::open) continue;
    found.place = Whereabouts::Place::outbox;
    found.lane = tables_->lane_of(sequence, row.message.key);
    const auto& lane = tables_->lanes[found.lane];
    found.holder = lane.holder;
    found.claimed = lane.held && !row.parked && row.commit == Commit::durable && !lane.unseen.contains(sequence);
    found.troubled.emplace();
    found.troubled->ticket = Ticket{sequence};
    found.troubled->lane = found.lane;
    found.troubled->message = row.message;
    found.troubled->state = "sending";
    found.troubled->stored_at_ms = row.stored_at_ms;
    find_blocker(*tables_, found.lane, row.message, found);
    return found;
  }
  return found;
}

Result<std::vector<Standing>> MemoryStore::standings(std::span<const MessageId> ids) {
  const std::lock_guard lock{tables_->mutex};
  std::map<std::string, Standing> known;
  for (const auto& [sequence, row] : tables_->retry) {
    known[row.message.id.str()] = row.state == "failed"    ? Standing::failed
                                  : row.state == "dropped" ? Standing::dropped
                                                           : Standing::sending;
  }
  for (const auto& [sequence, row] : tables_->outbox) {
    if (row.commit != Commit::open) known[row.message.id.str()] = Standing::sending;
  }
  std::vector<Standing> standings;
  for (const auto& id : ids) {
    const auto found = known.find(id.str());
    standings.push_back(found == known.end() ? Standing::gone : found->second);
  }
  return standings;
}

Result<std::uint64_t> MemoryStore::resend(std::span<const Ticket> tickets, const std::string& who,
                                          const std::string& why) {
  constexpr std::string_view from[] = {"failed", "dropped"};
  const std::lock_guard lock{tables_->mutex};
  return change_state(*tables_, tickets, from, "sending", remark_of("resent by operator", who, why));
}

Result<std::uint64_t> MemoryStore::drop(std::span<const Ticket> tickets, const std::string& who,
                                        const std::string& why) {
  constexpr std::string_view from[] = {"failed"};
  const std::lock_guard lock{tables_->mutex};
  return change_state(*tables_, tickets, from, "dropped", remark_of("dropped by operator", who, why));
}

Result<std::uint64_t> MemoryStore::restore(std::span<const Ticket> tickets, const std::string& who,
                                           const std::string& why) {
  constexpr std::string_view from[] = {"dropped"};
  const std::lock_guard lock{tables_->mutex};
  return change_state(*tables_, tickets, from, "failed", remark_of("restored by operator", who, why));
}

}  // namespace waybill::store
