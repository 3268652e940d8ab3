#include <algorithm>
#include <optional>
#include <utility>

#include "inbox/mark.hpp"
#include "inbox/postgresql/once_answer.hpp"
#include "inbox/postgresql/shard_link.hpp"
#include "inbox/postgresql/shard_map.hpp"
#include "waybill/inbox_sharded.h"

namespace waybill::postgresql {

using inbox::postgresql::ShardLink;
using inbox::postgresql::ShardMap;

class ShardedInbox::Client {
 public:
  explicit Client(std::vector<Shard> shards) {
    for (auto& shard : shards) links_.emplace_back(std::move(shard.name), std::move(shard.url));
  }

  Status learn();
  const std::string& shard_of(std::string_view unique_id) const {
    return inbox::postgresql::owner(map_.shards, unique_id);
  }
  Result<Once> once(pg_conn* connection, const Mark& mark);

 private:
  Status adopt(ShardMap map);
  ShardLink* link(std::string_view name);
  Error sent_on(pg_conn* connection, std::string_view shard);
  Result<Once> ask(std::string_view former, const Mark& mark);

  std::vector<ShardLink> links_;
  ShardMap map_;
};

// The newest map that a shard knows. While a shard is being added they know different ones, and each of these is good.
Status ShardedInbox::Client::learn() {
  std::optional<Error> down;
  for (auto& link : links_) {
    auto connection = link.connection();
    if (!connection) {
      down = connection.error();
      continue;
    }
    auto view = inbox::postgresql::view(*connection);
    if (!view) return Error{view.error().code(), "shard '" + link.name() + "': " + view.error().message()};
    if (view->map.version > 0 && view->own != link.name()) {
      return Error{ErrorCode::invalid_configuration,
                   "the database of shard '" + link.name() + "' is shard '" + view->own + "'; a shard keeps its name"};
    }
    if (view->map.version <= map_.version) continue;
    if (auto adopted = adopt(std::move(view->map)); !adopted) return adopted;
  }
  if (map_.version > 0) return {};
  if (down) return *down;
  return Error{ErrorCode::refused, "these databases are no shards yet; run `waybill inbox shards apply`"};
}

Status ShardedInbox::Client::adopt(ShardMap map) {
  for (const auto& shard : map.shards) {
    if (link(shard) != nullptr) continue;
    return Error{ErrorCode::invalid_configuration,
                 "shard '" + shard + "' is in use but not in the list of shards; add it with its url"};
  }
  map_ = std::move(map);
  return {};
}

ShardLink* ShardedInbox::Client::link(std::string_view name) {
  const auto found = std::find_if(links_.begin(), links_.end(), [&](const auto& one) { return one.name() == name; });
  return found == links_.end() ? nullptr : &*found;
}

Result<Once> ShardedInbox::Client::once(pg_conn* connection, const Mark& mark) {
  if (auto sound = inbox::check(mark); !sound) return std::move(sound).error();
  if (auto open = inbox::postgresql::in_transaction(connection, "once"); !open) return std::move(open).error();
  auto rows = inbox::postgresql::query(
      connection, "SELECT waybill.once_sharded($1, $2, $3, $4, $5, to_timestamp($6::bigint / 1000.0))",
      inbox::postgresql::arguments_of(mark), "can't mark in waybill.inbox");
  if (!rows) return std::move(rows).error();
  const std::string_view answer = PQgetvalue(rows->get(), 0, 0);
  if (answer.starts_with("at:")) return sent_on(connection, answer.substr(3));
  if (answer.starts_with("ask:")) return ask(answer.substr(4), mark);
  return inbox::postgresql::once_of(answer);
}

Error ShardedInbox::Client::sent_on(pg_conn* connection, std::string_view shard) {
  auto view = inbox::postgresql::view(connection);
  if (!view) return std::move(view).error();
  // The one that sends us on may itself not have been told yet.
  auto learnt = view->map.version > map_.version ? adopt(std::move(view->map)) : learn();
  if (!learnt) return std::move(learnt).error();
  return {ErrorCode::busy,
          "once: shard '" + std::string{shard} + "' decides about this unique ID; roll back and go on there"};
}

Result<Once> ShardedInbox::Client::ask(std::string_view former, const Mark& mark) {
  auto* at = link(former);
  if (at == nullptr) {
    return Error{ErrorCode::invalid_configuration,
                 "shard '" + std::string{former} + "' is in use but not in the list of shards; add it with its url"};
  }
  auto values = inbox::postgresql::arguments_of(mark);
  values.insert(values.begin(), shard_of(mark.unique_id));
  auto rows = at->run("SELECT waybill.shard_hand_over($1, $2, $3, $4, $5, $6, to_timestamp($7::bigint / 1000.0))",
                      values, "can't ask whether the operation was done there");
  if (!rows) return std::move(rows).error();
  return inbox::postgresql::once_of(inbox::postgresql::text(*rows, 0, 0));
}

ShardedInbox::ShardedInbox(std::unique_ptr<Client> client) : client_(std::move(client)) {}
ShardedInbox::ShardedInbox(ShardedInbox&&) noexcept = default;
ShardedInbox& ShardedInbox::operator=(ShardedInbox&&) noexcept = default;
ShardedInbox::~ShardedInbox() = default;

Result<ShardedInbox> ShardedInbox::open(std::vector<Shard> shards) {
  auto client = std::make_unique<Client>(std::move(shards));
  if (auto learnt = client->learn(); !learnt) return std::move(learnt).error();
  return ShardedInbox{std::move(client)};
}

const std::string& ShardedInbox::shard_of(std::string_view unique_id) const { return client_->shard_of(unique_id); }

Result<Once> ShardedInbox::once(pg_conn* connection, const Mark& mark) { return client_->once(connection, mark); }

}  // namespace waybill::postgresql
