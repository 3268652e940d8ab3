#include "audit.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace waybill::simulation {
namespace {

using Broken = std::optional<std::string>;
using Kept = std::map<std::string, store::memory::RetryRow>;  // what the store still has under retry, by id

Kept kept_by_id(const store::MemoryStore& store) {
  Kept kept;
  for (const auto& [sequence, row] : store.retry_rows()) kept.emplace(row.message.id.str(), row);
  return kept;
}

std::map<std::string, std::uint32_t> count_arrivals(const Ledger& ledger) {
  std::map<std::string, std::uint32_t> count;
  for (const auto& arrival : ledger.arrivals) ++count[arrival.id];
  return count;
}

// Refused by the broker, and the route says that it is not to be kept.
bool may_be_dropped(const Config& config, const Ledger& ledger, const Written& written) {
  const RouteConfig* route = config.route(written.topic);
  return route != nullptr && ledger.refusals.contains(written.id) &&
         (route->on_nack == OnNack::drop || route->on_unroutable == OnUnroutable::drop);
}

// P1: committed is confirmed, or visibly failed; parked behind a failed one is still sending.
Broken nothing_is_lost(const Config& config, const Ledger& ledger, const Kept& kept, const store::MemoryStore& store) {
  const auto arrived = count_arrivals(ledger);
  std::set<std::string> waiting;
  for (const auto& [sequence, row] : store.outbox_rows()) waiting.insert(row.message.id.str());
  for (const auto& [id, written] : ledger.written) {
    if (written.fate != Written::Fate::committed) continue;
    if (arrived.contains(id) || kept.contains(id) || waiting.contains(id)) continue;
    if (may_be_dropped(config, ledger, written)) continue;
    return "P1: " + id + " was committed and is nowhere";
  }
  return std::nullopt;
}

Broken rolled_back_is_never_published(const Ledger& ledger) {
  for (const auto& arrival : ledger.arrivals) {
    if (ledger.written.at(arrival.id).fate == Written::Fate::committed) continue;
    return "P2: " + arrival.id + " was published, though it was rolled back or lost before it was durable";
  }
  return std::nullopt;
}

// One publication carries attempt 1, though a former owner's can arrive after the flagged one of the next.
Broken every_resend_is_flagged(const Ledger& ledger) {
  std::set<std::string> unflagged;
  for (const auto& arrival : ledger.arrivals) {
    if (arrival.attempt <= 1 && !unflagged.insert(arrival.id).second) {
      return "P3: " + arrival.id + " arrived twice with attempt 1";
    }
  }
  return std::nullopt;
}

bool is_ordered(const Config& config, const Written& written) {
  const RouteConfig* route = config.route(written.topic);
  return route != nullptr && route->order == Order::key && written.key.has_value();
}

std::string sequence_name(const Config& config, const Written& written) {
  return config.route(written.topic)->topic + "|" + *written.key;
}

// P4: first arrivals of a key come in the order of commits. Where a failed message is skipped, others of its key have
// overtaken it by the route's choice: it comes when a person says so, or as a former owner's copy that was still under
// way when the next owner's was refused. So may one that was dropped.
Broken keys_keep_their_order(const Config& config, const Ledger& ledger, const Kept& kept) {
  std::map<std::string, std::uint64_t> last;
  std::set<std::string> seen;
  for (const auto& arrival : ledger.arrivals) {
    const Written& written = ledger.written.at(arrival.id);
    if (!seen.insert(arrival.id).second || !is_ordered(config, written)) continue;
    const bool skips = config.route(written.topic)->on_failed_key == OnFailedKey::skip;
    const auto row = kept.find(arrival.id);
    const bool given_up = row != kept.end() && row->second.state != "sending";
    if (skips && (given_up || ledger.resent_by_person.contains(arrival.id))) continue;
    if (may_be_dropped(config, ledger, written)) continue;
    auto& before = last[sequence_name(config, written)];
    if (written.committed_as < before) {
      return "P4: " + arrival.id + " (commit " + std::to_string(written.committed_as) + ") of " +
             sequence_name(config, written) + " first arrived after commit " + std::to_string(before);
    }
    before = written.committed_as;
  }
  return std::nullopt;
}

// P5: who failed was refused by the broker more often than the route allows, or killed connections or relays alone.
Broken an_outage_fails_nobody(const Config& config, const Ledger& ledger, const Kept& kept) {
  for (const auto& [id, row] : kept) {
    if (row.state != "failed" || ledger.written.at(id).malformed || row.reason == "no_route") continue;
    const RouteConfig* route = config.route(row.message.topic.str());
    const auto found = ledger.refusals.find(id);
    const std::uint32_t refused = found == ledger.refusals.end() ? 0 : found->second;
    const bool at_first_no = (row.reason == "rejected" && route->on_nack == OnNack::fail) ||
                             (row.reason == "unroutable" && route->on_unroutable == OnUnroutable::fail);
    if (at_first_no && refused > 0) continue;
    const auto ends = ledger.lone_ends.find(id);
    const std::uint32_t lone = ends == ledger.lone_ends.end() ? 0 : ends->second;
    if (refused + lone > route->max_attempts) continue;
    return "P5: " + id + " failed (" + row.reason + ") after " + std::to_string(refused) + " refusals and " +
           std::to_string(lone) + " lone ends";
  }
  return std::nullopt;
}

}  // namespace

Broken audit(const Config& config, const Ledger& ledger, const store::MemoryStore& store) {
  const Kept kept = kept_by_id(store);
  if (auto broken = nothing_is_lost(config, ledger, kept, store)) return broken;
  if (auto broken = rolled_back_is_never_published(ledger)) return broken;
  if (auto broken = every_resend_is_flagged(ledger)) return broken;
  if (auto broken = keys_keep_their_order(config, ledger, kept)) return broken;
  return an_outage_fails_nobody(config, ledger, kept);
}

}  // namespace waybill::simulation
