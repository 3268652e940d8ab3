#include <libpq-fe.h>

#include <map>

#include "inventory.hpp"
#include "inventory_task.hpp"
#include "waybill/inbox_sharded.h"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Once;
using waybill::Result;
using waybill::Status;
using waybill::postgresql::Shard;
using waybill::postgresql::ShardedInbox;

struct Finisher {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Finisher>;

Status run(PGconn* connection, const char* sql, const std::vector<std::string>& values = {}) {
  std::vector<const char*> texts;
  for (const auto& value : values) texts.push_back(value.c_str());
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(
      PQexecParams(connection, sql, static_cast<int>(texts.size()), nullptr, texts.data(), nullptr, nullptr, 0),
      &PQclear);
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return {};
  const bool lost = PQstatus(connection) != CONNECTION_OK;
  return Error{lost ? ErrorCode::unreachable : ErrorCode::refused, PQerrorMessage(connection)};
}

/// Mark and movement of a product are in the shard that the product belongs to, one transaction for each line.
class InventoryInShards final : public LineByLine {
 public:
  InventoryInShards(std::vector<Shard> shards, ShardedInbox inbox) : inbox_(std::move(inbox)) {
    for (auto& shard : shards) urls_.emplace(shard.name, shard.url);
  }

 private:
  Status take_units(Database&, const Task& task) override {
    const auto shard = inbox_.shard_of(task.line->product);
    auto connection = connection_to(shard);
    if (!connection) return connection.error();
    auto done = run(*connection, "BEGIN");
    if (done) done = write(*connection, task);
    if (done) done = run(*connection, "COMMIT");
    if (!done) give_up(shard);
    return done;
  }

  Status write(PGconn* connection, const Task& task) {
    auto answer = inbox_.once(connection, mark_of(task));
    if (!answer) return std::move(answer).error();
    if (*answer != Once::fresh) {
      tell("inventory", *answer, "order " + operation_of(task));
      return {};
    }
    return run(
        connection, "INSERT INTO shop_movement (product, order_id, line, units) VALUES ($1, $2, $3, $4)",
        {task.line->product, task.order->id, std::to_string(task.line->line), std::to_string(task.line->quantity)});
  }

  Result<PGconn*> connection_to(const std::string& shard) {
    auto& connection = connections_[shard];
    if (connection) return connection.get();
    connection.reset(PQconnectdb(urls_.at(shard).c_str()));
    if (PQstatus(connection.get()) == CONNECTION_OK) return connection.get();
    const Error error{ErrorCode::unreachable,
                      "can't connect to shard " + shard + ": " + PQerrorMessage(connection.get())};
    connection.reset();
    return error;
  }

  /// Rolls back; a connection that can't even do that is opened anew.
  void give_up(const std::string& shard) {
    auto& connection = connections_[shard];
    if (!run(connection.get(), "ROLLBACK")) connection.reset();
  }

  ShardedInbox inbox_;
  std::map<std::string, std::string> urls_;
  std::map<std::string, Connection> connections_;
};

}  // namespace

Result<std::unique_ptr<Work>> inventory_in_shards(const std::vector<std::string>& names_and_urls) {
  std::vector<Shard> shards;
  for (const auto& text : names_and_urls) {
    const auto at = text.find('=');
    if (at == std::string::npos || at == 0) {
      return Error{ErrorCode::invalid_argument, "--shard takes NAME=URL, not '" + text + "'"};
    }
    shards.push_back({text.substr(0, at), text.substr(at + 1)});
  }
  auto inbox = ShardedInbox::open(shards);
  if (!inbox) return inbox.error();
  return std::unique_ptr<Work>(std::make_unique<InventoryInShards>(std::move(shards), std::move(*inbox)));
}

}  // namespace shop
