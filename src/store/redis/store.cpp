#include "store/redis/store.hpp"

#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/redis/lane.hpp"
#include "store/redis/library.hpp"
#include "store/redis/redis_error.hpp"
#include "store/registry.hpp"

namespace waybill::redis {
namespace {

constexpr std::string_view persisting = "can't persist";

/// 12 hexadecimal digits that tell the ids of this lane from those of every other one.
std::string make_salt() { return make_uuid7().substr(24); }

Result<std::vector<MessageId>> ids_of(const std::vector<OwnedReply>& replies) {
  // When one command is refused, EXEC says only that there was one.
  for (const auto& reply : replies) {
    if (reply->is_error()) return error_of(reply->bytes(), persisting);
  }
  const auto& executed = replies.back();
  std::vector<MessageId> ids;
  for (std::size_t at = 0; at < executed->size(); ++at) {
    const auto id = (*executed)[at];
    if (id.is_error()) return error_of(id.bytes(), persisting);
    ids.emplace_back(id.text());
  }
  return ids;
}

}  // namespace

Result<store::SchemaState> RedisStore::schema() {
  for (std::uint32_t lane = 0; lane < config_.lanes; ++lane) {
    auto opened = Connection::open(config_, stream_of(lane));
    if (!opened) return opened.error();
    auto state = library_state(*opened, lane);
    if (!state || *state != store::SchemaState::current) return state;
  }
  return store::SchemaState::current;
}

Result<std::string> RedisStore::migration() {
  auto state = schema();
  if (!state) return state.error();
  if (*state == store::SchemaState::current) return std::string{};
  std::string text{library_text()};
  text += "\n-- Load it with FUNCTION LOAD REPLACE, then make the keys of each lane:\n";
  for (std::uint32_t lane = 0; lane < config_.lanes; ++lane) {
    text += "-- FCALL waybill_prepare 1 " + stream_of(lane) + " " + std::to_string(library_version) + " " +
            make_salt() + " " + std::to_string(config_.lanes) + "\n";
  }
  return text;
}

// All lanes, also those that are there: each knows how many there are.
Status RedisStore::migrate() {
  auto whole = schema();
  if (!whole) return whole.error();
  if (*whole == store::SchemaState::current) return {};
  for (std::uint32_t lane = 0; lane < config_.lanes; ++lane) {
    auto opened = Connection::open(config_, stream_of(lane));
    if (!opened) return opened.error();
    auto state = library_state(*opened, lane);
    if (!state) return state.error();
    if (*state == store::SchemaState::newer) return require_current_library(*opened, lane, config_.name);
    if (auto loaded = load_library(*opened); !loaded) return loaded;
    auto prepared = opened->run(call("waybill_prepare", stream_of(lane),
                                     {std::to_string(library_version), make_salt(), std::to_string(config_.lanes)}),
                                "can't make the keys of lane " + std::to_string(lane));
    if (!prepared) return prepared.error();
  }
  return {};
}

Result<std::uint32_t> RedisStore::lanes() {
  if (lanes_) return *lanes_;
  auto count = with_lane<std::uint32_t>(0, [](Connection& connection) -> Result<std::uint32_t> {
    auto stored = connection.run({"HGET", key_of(0, "lane"), "lanes"}, "can't read how many lanes there are");
    if (!stored) return stored.error();
    return static_cast<std::uint32_t>((*stored)->number());
  });
  if (count) lanes_ = *count;
  return count;
}

Status RedisStore::for_each_lane(const std::function<Status(std::uint32_t, Connection&)>& act) {
  auto count = lanes();
  if (!count) return count.error();
  for (std::uint32_t lane = 0; lane < *count; ++lane) {
    auto done = with_lane<bool>(lane, [&](Connection& connection) -> Result<bool> {
      auto status = act(lane, connection);
      return status ? Result<bool>{true} : Result<bool>{status.error()};
    });
    if (!done) return done.error();
  }
  return {};
}

Result<std::unique_ptr<store::Lane>> RedisStore::acquire(std::uint32_t lane, const std::string& holder) {
  return RedisLane::open(config_, lane, holder);
}

Result<std::vector<MessageId>> RedisStore::persist(std::span<const Message> messages) {
  auto count = lanes();
  if (!count) return count.error();
  std::vector<Command> commands{{"MULTI"}};
  std::optional<std::uint32_t> first;
  for (const auto& message : messages) {
    if (auto valid = validate(message); !valid) return valid.error();
    const auto lane = lane_for(message, *count);
    if (!first) first = lane;
    commands.push_back(send_command(message, message.id, lane));
  }
  if (!first) return std::vector<MessageId>{};
  commands.push_back({"EXEC"});
  return with_lane<std::vector<MessageId>>(*first, [&](Connection& connection) -> Result<std::vector<MessageId>> {
    auto replies = connection.run_all(commands, persisting);
    if (!replies) return Error{ErrorCode::in_doubt, replies.error().message() + "; it may have been stored"};
    auto ids = ids_of(*replies);
    if (!ids || config_.replicas == 0) return ids;
    if (auto reached = wait_for_replicas(connection, config_.replicas, persisting); !reached) {
      return Error{ErrorCode::in_doubt, reached.error().message() + "; it is stored, and a failover may lose it"};
    }
    return ids;
  });
}

Status RedisStore::report(const store::RelayReport& report) {
  auto stored = with_lane<bool>(0, [&](Connection& connection) -> Result<bool> {
    auto done = connection.run(call("waybill_report", stream_of(0), {report.relay, report.json}),
                               "can't store the relay's report");
    return done ? Result<bool>{true} : Result<bool>{done.error()};
  });
  return stored ? Status{} : Status{stored.error()};
}

Result<std::vector<store::RelayReport>> RedisStore::reports() {
  return with_lane<std::vector<store::RelayReport>>(
      0, [](Connection& connection) -> Result<std::vector<store::RelayReport>> {
        auto found = connection.run(call("waybill_reports", stream_of(0)), "can't read the relays' reports");
        if (!found) return found.error();
        std::vector<store::RelayReport> all;
        for (std::size_t at = 0; at < (*found)->size(); ++at) {
          const auto one = (**found)[at];
          all.push_back({one[0].text(), one[1].text(), one[2].number()});
        }
        return all;
      });
}

}  // namespace waybill::redis

namespace waybill::store {

Result<std::unique_ptr<Store>> open_redis_store(const StoreConfig& config) {
  return std::unique_ptr<Store>{std::make_unique<redis::RedisStore>(config)};
}

}  // namespace waybill::store
