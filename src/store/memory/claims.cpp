// What a session hands out: fresh rows, due retries, the backlog of a scope.

#include <algorithm>
#include <chrono>

#include "store/memory/lane.hpp"
#include "store/message_size.hpp"

namespace waybill::store::memory {
namespace {

/// Counts what was handed out against a limit.
class Quota {
 public:
  explicit Quota(FetchLimit limit) : limit_(limit) {}

  /// False: the message has no room any more; for a first one there are always bytes enough.
  bool admit(const Claimed& claimed) {
    const auto bytes = size_of(*claimed.message);
    if (limit_.messages == 0 || (count_ > 0 && (count_ >= limit_.messages || bytes_ + bytes > limit_.bytes)))
      return false;
    ++count_;
    bytes_ += bytes;
    return true;
  }

 private:
  FetchLimit limit_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

Duration wait_for(const Message& message, std::int64_t now_ms) {
  if (!message.not_before) return Duration::zero();
  const std::chrono::system_clock::time_point now{std::chrono::milliseconds{now_ms}};
  return std::max(Duration::zero(), Duration{*message.not_before - now});
}

}  // namespace

void MemoryLane::limit_payload(Claimed& claimed) const {
  if (claimed.message->payload.size() <= max_payload_) return;
  auto stripped = *claimed.message;
  if (claimed.defect.empty()) {
    if (claimed.origin != Origin::retry) claimed.reason = "too_large";
    claimed.defect = "payload has " + std::to_string(stripped.payload.size()) + " bytes; at most " +
                     std::to_string(max_payload_) + " are allowed (max_payload)";
  }
  stripped.payload.clear();
  claimed.message = std::make_shared<const Message>(std::move(stripped));
}

Claimed MemoryLane::claim_outbox(Sequence sequence, const OutboxRow& row, Origin origin) const {
  Claimed claimed;
  claimed.ticket = Ticket{sequence};
  claimed.origin = origin;
  claimed.message = std::make_shared<const Message>(row.message);
  claimed.attempt = sequence <= tables_->lanes[number_].formerly_claimed ? 2 : 1;
  claimed.wait = wait_for(row.message, tables_->wall_ms());
  claimed.stored_at_ms = row.stored_at_ms;
  claimed.defect = row.defect;
  if (!claimed.defect.empty()) claimed.reason = "malformed";
  limit_payload(claimed);
  return claimed;
}

Claimed MemoryLane::claim_retry(Sequence sequence, RetryRow& row) {
  Claimed claimed;
  claimed.ticket = Ticket{sequence};
  claimed.origin = Origin::retry;
  claimed.message = std::make_shared<const Message>(row.message);
  // An earlier owner may have sent it and died: then even one that was only delayed is no first attempt.
  claimed.attempt = std::max(row.attempts + 1, row.claimed ? 2U : 1U);
  claimed.tries = row.tries;
  claimed.stored_at_ms = row.stored_at_ms;
  claimed.reason = row.reason;
  claimed.defect = row.defect;
  limit_payload(claimed);
  return claimed;
}

Fetched MemoryLane::fetch_fresh(FetchLimit limit) {
  Fetched fetched;
  if (limit.messages == 0) return fetched;
  Quota quota{limit};
  auto& lane = row();
  while (!lane.unseen.empty()) {
    const auto sequence = *lane.unseen.begin();
    auto claimed = claim_outbox(sequence, tables_->outbox.at(sequence), Origin::fresh);
    if (!quota.admit(claimed)) {
      fetched.more = true;
      break;
    }
    lane.unseen.erase(sequence);
    outbox_out_.insert(sequence);
    // Claims are written in strides, as a store does that can't afford a write for every message.
    if (sequence > lane.claimed) lane.claimed = sequence + tables_->options.claim_ahead;
    fetched.messages.push_back(std::move(claimed));
  }
  return fetched;
}

Due MemoryLane::find_due(LaneTime now, FetchLimit limit) {
  Due due;
  Quota quota{limit};
  std::vector<std::pair<std::int64_t, Sequence>> ready;
  for (const auto& [sequence, retry] : tables_->retry) {
    if (retry.lane != number_ || retry.state != "sending" || retries_out_.contains(sequence)) continue;
    if (retry.due_ms <= now.ms) ready.emplace_back(retry.due_ms, sequence);
    due.waiting = due.waiting || (retry.due_ms > now.ms && retry.reason != "route_stopped");
  }
  std::sort(ready.begin(), ready.end());
  for (const auto& [due_ms, sequence] : ready) {
    auto& retry = tables_->retry.at(sequence);
    auto claimed = claim_retry(sequence, retry);
    if (!quota.admit(claimed)) {
      due.more = true;
      break;
    }
    hand_out(sequence, retry);
    due.messages.push_back(std::move(claimed));
  }
  for (const auto& [scope, after] : row().blocked) {
    if (tables_->blocker(number_, scope) == nullptr) due.released.push_back(scope);
  }
  return due;
}

Fetched MemoryLane::find_set_aside(const std::string& route, FetchLimit limit) {
  Fetched fetched;
  Quota quota{limit};
  for (auto& [sequence, retry] : tables_->retry) {
    if (retry.lane != number_ || retry.state != "sending" || retry.reason != "set_aside" || retry.route != route ||
        retries_out_.contains(sequence)) {
      continue;
    }
    auto claimed = claim_retry(sequence, retry);
    if (!quota.admit(claimed)) {
      fetched.more = true;
      break;
    }
    hand_out(sequence, retry);
    fetched.messages.push_back(std::move(claimed));
  }
  return fetched;
}

void MemoryLane::hand_out(Sequence sequence, RetryRow& row) {
  row.claimed = true;
  retries_out_.insert(sequence);
}

Fetched MemoryLane::read_backlog(const Scope& scope, FetchLimit limit) {
  Fetched fetched;
  const auto blocked = row().blocked.find(scope);
  if (blocked == row().blocked.end()) return fetched;
  Quota quota{limit};
  auto& position = backlog_at_.try_emplace(scope, blocked->second).first->second;
  for (auto entry = tables_->outbox.upper_bound(std::max(position, blocked->second)); entry != tables_->outbox.end();
       ++entry) {
    const auto& [sequence, outbox_row] = *entry;
    if (!outbox_row.parked || tables_->lane_of(sequence, outbox_row.message.key) != number_) continue;
    if (!covers(scope, outbox_row.route, outbox_row.message.key)) continue;
    auto claimed = claim_outbox(sequence, outbox_row, Origin::backlog);
    if (!quota.admit(claimed)) {
      fetched.more = true;
      break;
    }
    position = sequence;
    outbox_out_.insert(sequence);
    // It leaves the claimed rows again only when it is settled.
    row().claimed = std::max(row().claimed, sequence);
    fetched.messages.push_back(std::move(claimed));
  }
  return fetched;
}

}  // namespace waybill::store::memory
