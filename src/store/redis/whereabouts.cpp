// What people ask about a store as a whole and about messages in it.

#include <algorithm>

#include "core/glob.hpp"
#include "store/redis/lane.hpp"
#include "store/redis/message_fields.hpp"
#include "store/redis/owner.hpp"
#include "store/redis/store.hpp"

namespace waybill::redis {
namespace {

using store::Standing;
using store::Whereabouts;

constexpr std::string_view counting = "can't count messages";
constexpr std::string_view locating = "can't look for the message";

/// One look for a message in one lane.
class Search {
 public:
  Search(Connection& connection, std::uint32_t lane, std::uint64_t max_payload)
      : connection_(connection), lane_(lane), stream_(stream_of(lane)), max_payload_(max_payload) {}

  Status look(const MessageId& id, Whereabouts& found) {
    if (auto read = read_history(id, found); !read) return read;
    if (auto read = find_row(id, found); !read || found.place != Whereabouts::Place::gone) return read;
    if (auto read = find_entry(id, found); !read || found.place != Whereabouts::Place::gone) return read;
    // It may have become a row in between.
    return find_row(id, found);
  }

 private:
  Status read_history(const MessageId& id, Whereabouts& found) {
    auto lines = connection_.run({"LRANGE", key_of(lane_, "history:" + id.str()), "0", "-1"}, locating);
    if (!lines) return lines.error();
    constexpr std::size_t parts = 6;
    for (std::size_t at = 0; at + parts <= (*lines)->size(); at += parts) {
      const auto part = [&](std::size_t offset) { return (**lines)[at + offset]; };
      found.history.push_back({part(0).number(), static_cast<std::uint32_t>(part(1).number()), part(2).text(),
                               part(3).text(), part(4).text(), part(5).text()});
    }
    return {};
  }

  Status find_row(const MessageId& id, Whereabouts& found) {
    auto row = connection_.run(call("waybill_find_row", stream_, {id.str()}), locating);
    if (!row) return row.error();
    if ((*row)->size() == 0 || (**row)[1].size() == 0) return {};
    found.place = Whereabouts::Place::retry;
    found.lane = lane_;
    found.troubled = read_troubled(ticket_of_hex((**row)[0].bytes()), (**row)[1], (**row)[2].number(), max_payload_);
    return {};
  }

  Status find_entry(const MessageId& id, Whereabouts& found) {
    auto about = connection_.run({"HGET", key_of(lane_, "lane"), "salt"}, locating);
    if (!about) return about.error();
    salt_ = (*about)->text();
    const auto own = entry_of_uuid(id.str(), salt_);
    auto entry = own ? Result<std::string>{own->str()} : scan(id);
    if (!entry) return entry.error();
    return entry->empty() ? Status{} : describe_entry(*entry, id, found);
  }

  Result<std::string> scan(const MessageId& id) {
    for (std::string from = "-"; !from.empty();) {
      auto some = connection_.run(call("waybill_find_entries", stream_, {from, "+", id.str()}), locating);
      if (!some) return some.error();
      if ((**some)[1].size() > 0) return (**some)[1][0][1].text();
      from = (**some)[0].text();
    }
    return std::string{};
  }

  Status describe_entry(const std::string& entry, const MessageId& id, Whereabouts& found) {
    auto entries = connection_.run({"XRANGE", stream_, entry, entry}, locating);
    if (!entries) return entries.error();
    if ((*entries)->size() == 0) return {};
    auto read = read_message((**entries)[0][1], "", max_payload_);
    const auto parsed = EntryId::parse(entry);
    name_entry(read, parsed, salt_);
    if (read.message.id != id) return {};
    found.place = Whereabouts::Place::outbox;
    found.lane = lane_;
    found.troubled.emplace();
    found.troubled->ticket = ticket_of(parsed, lane_).value_or(store::Ticket{});
    found.troubled->lane = lane_;
    found.troubled->message = std::move(read.message);
    found.troubled->state = "sending";
    found.troubled->stored_at_ms = static_cast<std::int64_t>(parsed.ms);
    auto pending = connection_.run({"XPENDING", stream_, "waybill", entry, entry, "1"}, locating);
    if (!pending) return pending.error();
    found.claimed = (*pending)->size() > 0;
    return find_blocker(found);
  }

  Status find_blocker(Whereabouts& found) {
    const auto& message = found.troubled->message;
    auto scopes = connection_.run({"HKEYS", key_of(lane_, "scopes")}, locating);
    if (!scopes) return scopes.error();
    for (std::size_t at = 0; at < (*scopes)->size(); ++at) {
      const auto name = (**scopes)[at].text();
      auto scope = scope_of(name);
      if (scope.key && (!message.key || message.key->str() != *scope.key)) continue;
      if (!glob_matches(scope.route, message.topic.str())) continue;
      auto blocker = connection_.run(call("waybill_blocker", stream_, {name}), locating);
      if (!blocker) return blocker.error();
      found.blocked_by = std::move(scope);
      found.blocking_id = (*blocker)->text();
      return {};
    }
    return {};
  }

  Connection& connection_;
  std::uint32_t lane_;
  std::string stream_;
  std::uint64_t max_payload_;
  std::string salt_;
};

Result<std::string> holder_of(Connection& connection, std::uint32_t lane) {
  auto owner = owner_of(connection, lane);
  if (!owner) return owner.error();
  if (!*owner) return std::string{};
  auto session = session_of(connection);
  if (!session) return session.error();
  auto connected = is_connected(connection, **owner, *session);
  if (!connected) return connected.error();
  return *connected ? (*owner)->holder : std::string{};
}

Standing standing_of(std::string_view state) {
  if (state == "failed") return Standing::failed;
  return state == "dropped" ? Standing::dropped : Standing::sending;
}

/// Finds out how many messages of one lane stand.
class Roll {
 public:
  Roll(Connection& connection, std::uint32_t lane, std::map<std::string, Standing>& found)
      : connection_(connection), stream_(stream_of(lane)), lane_(lane), found_(found) {}

  Status call_up(const std::vector<std::string>& ids) {
    if (auto read = read_states(ids); !read) return read;
    if (auto read = read_entries(ids); !read) return read;
    // Some may have become rows in between.
    return read_states(ids);
  }

 private:
  std::vector<std::string> missing(const std::vector<std::string>& ids) const {
    std::vector<std::string> left;
    for (const auto& id : ids) {
      if (!found_.contains(id)) left.push_back(id);
    }
    return left;
  }

  Status read_states(const std::vector<std::string>& ids) {
    const auto left = missing(ids);
    if (left.empty()) return {};
    auto states = connection_.run(call("waybill_states", stream_, left), locating);
    if (!states) return states.error();
    for (std::size_t at = 0; at < left.size(); ++at) {
      if (const auto state = (**states)[at].bytes(); !state.empty()) found_[left[at]] = standing_of(state);
    }
    return {};
  }

  Status read_entries(const std::vector<std::string>& ids) {
    auto about = connection_.run({"HGET", key_of(lane_, "lane"), "salt"}, locating);
    if (!about) return about.error();
    std::vector<std::string> named;
    for (const auto& id : missing(ids)) {
      const auto own = entry_of_uuid(id, (*about)->bytes());
      if (!own) {
        named.push_back(id);
      } else if (auto looked = look_through(own->str(), own->str(), {id}); !looked) {
        return looked;
      }
    }
    return named.empty() ? Status{} : look_through("-", "+", named);
  }

  Status look_through(std::string from, const std::string& to, const std::vector<std::string>& ids) {
    while (!from.empty()) {
      std::vector<std::string> arguments{from, to};
      arguments.insert(arguments.end(), ids.begin(), ids.end());
      auto some = connection_.run(call("waybill_find_entries", stream_, std::move(arguments)), locating);
      if (!some) return some.error();
      const auto entries = (**some)[1];
      for (std::size_t at = 0; at < entries.size(); ++at) found_[entries[at][0].text()] = Standing::sending;
      from = (**some)[0].text();
    }
    return {};
  }

  Connection& connection_;
  std::string stream_;
  std::uint32_t lane_;
  std::map<std::string, Standing>& found_;
};

}  // namespace

Result<store::Counts> RedisStore::counts() {
  store::Counts counts;
  auto counted = for_each_lane([&](std::uint32_t lane, Connection& connection) -> Status {
    auto some = connection.run(call("waybill_counts", stream_of(lane)), counting);
    if (!some) return some.error();
    counts.sending += static_cast<std::uint64_t>((**some)[0].number());
    counts.failed += static_cast<std::uint64_t>((**some)[1].number());
    counts.blocked_scopes += static_cast<std::uint64_t>((**some)[2].number());
    counts.oldest_sending_seconds =
        std::max(counts.oldest_sending_seconds, static_cast<double>((**some)[3].number()) / 1000.0);
    return {};
  });
  if (!counted) return counted.error();
  return counts;
}

Result<std::vector<store::LaneHolder>> RedisStore::holders() {
  std::vector<store::LaneHolder> all;
  auto read = for_each_lane([&](std::uint32_t lane, Connection& connection) -> Status {
    auto holder = holder_of(connection, lane);
    if (!holder) return holder.error();
    all.push_back({lane, *holder});
    return {};
  });
  if (!read) return read.error();
  return all;
}

Result<Whereabouts> RedisStore::locate(const MessageId& id) {
  Whereabouts found;
  auto looked = for_each_lane([&](std::uint32_t lane, Connection& connection) -> Status {
    if (found.place != Whereabouts::Place::gone) return {};
    auto searched = Search{connection, lane, config_.max_payload}.look(id, found);
    if (!searched || found.place == Whereabouts::Place::gone) return searched;
    auto holder = holder_of(connection, lane);
    if (!holder) return holder.error();
    found.holder = *holder;
    found.claimed = found.claimed && !found.holder.empty();
    return {};
  });
  if (!looked) return looked.error();
  return found;
}

Result<std::vector<Standing>> RedisStore::standings(std::span<const MessageId> ids) {
  std::vector<std::string> names;
  for (const auto& id : ids) names.push_back(id.str());
  std::map<std::string, Standing> found;
  auto looked = for_each_lane(
      [&](std::uint32_t lane, Connection& connection) { return Roll{connection, lane, found}.call_up(names); });
  if (!looked) return looked.error();
  std::vector<Standing> standings;
  for (const auto& name : names) {
    const auto one = found.find(name);
    standings.push_back(one == found.end() ? Standing::gone : one->second);
  }
  return standings;
}

}  // namespace waybill::redis
