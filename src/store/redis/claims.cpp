// What a session hands out: new entries, due retries, the backlog of a scope.

#include <algorithm>
#include <chrono>

#include "store/redis/lane.hpp"

namespace waybill::redis {
namespace {

using store::Claimed;
using store::Due;
using store::Fetched;
using store::FetchLimit;
using store::Origin;

constexpr std::string_view fetching = "can't fetch";

std::vector<std::string> limits(FetchLimit limit, std::uint64_t max_payload) {
  return {std::to_string(limit.messages), std::to_string(limit.bytes), std::to_string(max_payload)};
}

void set_wait(Claimed& claimed) {
  if (!claimed.message->not_before) return;
  claimed.wait = std::max(Duration::zero(), Duration{*claimed.message->not_before - std::chrono::system_clock::now()});
}

}  // namespace

std::optional<Claimed> RedisLane::claim(Reply entry, Origin origin) {
  const auto id = EntryId::parse(entry[0].bytes());
  const auto ticket = ticket_of(id, lane_);
  if (!ticket || !entry[1].is_array()) return std::nullopt;
  auto read = read_message(entry[1], "", store_.max_payload);
  name_entry(read, id, salt_);
  Claimed claimed;
  claimed.ticket = *ticket;
  claimed.origin = origin;
  claimed.message = std::make_shared<const Message>(std::move(read.message));
  claimed.attempt = id <= formerly_ ? 2 : 1;
  claimed.stored_at_ms = static_cast<std::int64_t>(id.ms);
  claimed.defect = std::move(read.defect);
  claimed.reason = std::move(read.reason);
  set_wait(claimed);
  return claimed;
}

Claimed RedisLane::claim_row(store::Ticket ticket, Reply fields) {
  auto read = read_message(fields, "m.", store_.max_payload);
  name_entry(read, EntryId::parse(fields.field("entry").bytes()), salt_);
  Claimed claimed;
  claimed.ticket = ticket;
  claimed.origin = Origin::retry;
  claimed.message = std::make_shared<const Message>(std::move(read.message));
  const bool maybe_out = fields.field("claimed").number() != 0;
  claimed.attempt = std::max(static_cast<std::uint32_t>(fields.field("attempts").number()), maybe_out ? 1U : 0U) + 1;
  claimed.tries = static_cast<std::uint32_t>(fields.field("tries").number());
  claimed.stored_at_ms = fields.field("stored").number();
  claimed.defect = std::move(read.defect);
  claimed.reason = claimed.defect.empty() ? fields.field("reason").text() : std::move(read.reason);
  return claimed;
}

Status RedisLane::adopt(const std::vector<std::string>& entries) {
  if (entries.empty()) return {};
  auto adopted = run("waybill_adopt", entries, fetching);
  return adopted ? Status{} : Status{adopted.error()};
}

Result<Fetched> RedisLane::fetch(FetchLimit limit) {
  auto arguments = limits(limit, store_.max_payload);
  arguments.push_back(pending_);
  auto reply = run("waybill_fetch", std::move(arguments), fetching);
  if (!reply) return reply.error();
  pending_ = (**reply)[0].text();
  if (const auto last = (**reply)[1].bytes(); !last.empty()) last_ = last;
  Fetched fetched;
  fetched.more = (**reply)[2].number() != 0;
  const auto entries = (**reply)[3];
  std::vector<std::string> unfit;
  for (std::size_t at = 0; at < entries.size(); ++at) {
    auto claimed = claim(entries[at], Origin::fresh);
    if (!claimed) {
      unfit.push_back(entries[at][0].text());
    } else if (outbox_out_.insert(claimed->ticket.value).second) {
      fetched.messages.push_back(std::move(*claimed));
    }
  }
  if (auto adopted = adopt(unfit); !adopted) return adopted.error();
  return fetched;
}

Result<Due> RedisLane::due(LaneTime now, FetchLimit limit) {
  if (auto looked = look_for_losses(); !looked) return looked.error();
  auto arguments = limits(limit, store_.max_payload);
  arguments.insert(arguments.begin(), std::to_string(now.ms));
  auto reply = run("waybill_due", std::move(arguments), "can't look for due retries");
  if (!reply) return reply.error();
  Due due;
  due.more = (**reply)[0].number() != 0;
  due.waiting = (**reply)[1].number() != 0;
  due.messages = claim_rows((**reply)[2]);
  const auto released = (**reply)[3];
  for (std::size_t at = 0; at < released.size(); ++at) due.released.push_back(scope_of(released[at].bytes()));
  return due;
}

std::vector<Claimed> RedisLane::claim_rows(Reply rows) {
  std::vector<Claimed> claims;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    claims.push_back(claim_row(ticket_of_hex(rows[at][0].bytes()), rows[at][1]));
    retries_out_.insert(claims.back().ticket.value);
  }
  return claims;
}

Result<Fetched> RedisLane::set_aside(const std::string& route, FetchLimit limit) {
  auto& last = set_aside_at_[route];
  auto arguments = limits(limit, store_.max_payload);
  arguments.insert(arguments.begin(), {route, last});
  auto reply = run("waybill_set_aside", std::move(arguments), "can't look for retries that were set aside");
  if (!reply) return reply.error();
  Fetched fetched;
  fetched.more = (**reply)[0].number() != 0;
  last = (**reply)[1].text();
  fetched.messages = claim_rows((**reply)[2]);
  if (!fetched.more) set_aside_at_.erase(route);
  return fetched;
}

Result<Fetched> RedisLane::backlog(const store::Scope& scope, FetchLimit limit) {
  const auto position = backlog_at_.find(scope);
  if (position == backlog_at_.end() || limit.messages == 0) return Fetched{};
  auto arguments = limits(limit, store_.max_payload);
  arguments.insert(arguments.begin(), {name_of(scope), position->second});
  auto reply = run("waybill_backlog", std::move(arguments), "can't read a backlog");
  if (!reply) return reply.error();
  Fetched fetched;
  fetched.more = (**reply)[0].number() != 0;
  position->second = (**reply)[1].text();
  const auto entries = (**reply)[2];
  for (std::size_t at = 0; at < entries.size(); ++at) {
    auto claimed = claim(entries[at], Origin::backlog);
    if (!claimed) continue;
    outbox_out_.insert(claimed->ticket.value);
    fetched.messages.push_back(std::move(*claimed));
  }
  return fetched;
}

}  // namespace waybill::redis
