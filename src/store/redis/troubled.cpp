// Failed and dropped messages: listing, grouping, and what operators do to them.

#include <algorithm>

#include "store/failed_filter.hpp"
#include "store/failed_groups.hpp"
#include "store/redis/message_fields.hpp"
#include "store/redis/store.hpp"

namespace waybill::redis {
namespace {

using store::FailedFilter;
using store::FailedGroup;
using store::Ticket;
using store::Troubled;

constexpr std::string_view listing = "can't list failed messages";
constexpr std::string_view changing = "can't change failed messages";
constexpr std::size_t page_size = 200;
// Rows changed in one step, so that nobody waits long for the server.
constexpr std::size_t chunk = 500;

std::vector<std::string> states_of(const FailedFilter& filter) {
  if (!filter.state.empty()) return {filter.state};
  return {"sending", "failed", "dropped"};
}

Result<std::string> payload_of(Connection& connection, const Troubled& row) {
  auto payload = connection.run({"HGET", key_of(row.lane, "row:" + hex_of(row.ticket)), "m.payload"}, listing);
  return payload ? Result<std::string>{(*payload)->text()} : Result<std::string>{payload.error()};
}

bool by_ticket(const Troubled& a, const Troubled& b) { return a.ticket < b.ticket; }

}  // namespace

Status RedisStore::read_rows(std::uint32_t lane, Connection& connection, const FailedFilter& filter,
                             const std::function<void(Troubled)>& take) {
  for (const auto& state : states_of(filter)) {
    std::size_t kept = 0;
    for (auto after = hex_of(filter.after); kept < filter.limit;) {
      auto page =
          connection.run(call("waybill_rows", stream_of(lane), {state, after, std::to_string(page_size)}), listing);
      if (!page) return page.error();
      const auto clock = (**page)[0].number();
      const auto rows = (**page)[1];
      for (std::size_t at = 0; at < rows.size() && kept < filter.limit; ++at) {
        after = rows[at][0].text();
        auto row = read_troubled(ticket_of_hex(after), rows[at][1], clock, config_.max_payload);
        if (!passes(filter, row)) continue;
        take(std::move(row));
        ++kept;
      }
      if (rows.size() < page_size) break;
    }
  }
  return {};
}

Result<std::vector<Troubled>> RedisStore::troubled(const FailedFilter& filter) {
  std::vector<Troubled> found;
  auto read = for_each_lane([&](std::uint32_t lane, Connection& connection) {
    return read_rows(lane, connection, filter, [&found](Troubled row) { found.push_back(std::move(row)); });
  });
  if (!read) return read.error();
  std::sort(found.begin(), found.end(), by_ticket);
  if (found.size() > filter.limit) found.erase(found.begin() + static_cast<std::ptrdiff_t>(filter.limit), found.end());
  if (!filter.payloads) return found;
  for (auto& row : found) {
    auto payload =
        with_lane<std::string>(row.lane, [&](Connection& connection) { return payload_of(connection, row); });
    if (!payload) return payload.error();
    row.message.payload = std::move(*payload);
  }
  return found;
}

Result<std::vector<FailedGroup>> RedisStore::failed_groups(const FailedFilter& filter) {
  auto all = filter;
  all.limit = SIZE_MAX;
  store::FailedGroups groups;
  auto read = for_each_lane([&](std::uint32_t lane, Connection& connection) {
    return read_rows(lane, connection, all, [&groups](const Troubled& row) {
      groups.add({row.route, row.reason, row.answer, 1, row.changed_at_ms, row.changed_at_ms, row.message.id.str()});
    });
  });
  if (!read) return read.error();
  return groups.largest_first(filter.limit);
}

Result<std::uint64_t> RedisStore::change(const std::string& act, const std::string& outcome,
                                         std::span<const Ticket> tickets, const std::string& who,
                                         const std::string& why) {
  std::map<std::uint32_t, std::vector<std::string>> by_lane;
  for (const auto ticket : tickets) by_lane[lane_of(ticket)].push_back(hex_of(ticket));
  std::uint64_t changed = 0;
  for (const auto& [lane, all] : by_lane) {
    for (std::size_t at = 0; at < all.size(); at += chunk) {
      std::vector<std::string> arguments{act, outcome, who, why};
      const auto end = std::min(at + chunk, all.size());
      for (auto one = at; one < end; ++one) arguments.push_back(all[one]);
      const auto command = call("waybill_change", stream_of(lane), std::move(arguments));
      auto some = with_lane<std::uint64_t>(lane, [&](Connection& connection) -> Result<std::uint64_t> {
        auto done = connection.run(command, changing);
        if (!done) return done.error();
        return static_cast<std::uint64_t>((*done)->number());
      });
      if (!some) return some.error();
      changed += *some;
    }
  }
  return changed;
}

Result<std::uint64_t> RedisStore::resend(std::span<const Ticket> tickets, const std::string& who,
                                         const std::string& why) {
  return change("resend", "resent by operator", tickets, who, why);
}

Result<std::uint64_t> RedisStore::drop(std::span<const Ticket> tickets, const std::string& who,
                                       const std::string& why) {
  return change("drop", "dropped by operator", tickets, who, why);
}

Result<std::uint64_t> RedisStore::restore(std::span<const Ticket> tickets, const std::string& who,
                                          const std::string& why) {
  return change("restore", "restored by operator", tickets, who, why);
}

}  // namespace waybill::redis
