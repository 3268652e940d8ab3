#include <libpq-fe.h>

#include <map>

#include "subject.hpp"
#include "waybill/inbox_postgresql.h"
#include "waybill/inbox_sharded.h"

namespace bench {
namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

Connection connect(const std::string& url) {
  Connection connection(PQconnectdb(url.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  return connection;
}

Answer execute(PGconn* connection, const std::string& sql) {
  Answer answer(PQexec(connection, sql.c_str()), &PQclear);
  const auto status = PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(PQerrorMessage(connection));
  return answer;
}

class PostgresqlSession final : public Session {
 public:
  explicit PostgresqlSession(const std::string& url) : connection_(connect(url)) {}

  void run(const std::string& sql) override { execute(connection_.get(), sql); }
  std::string value(const std::string& sql) override { return PQgetvalue(execute(connection_.get(), sql).get(), 0, 0); }
  waybill::Result<waybill::Once> once(const waybill::Mark& mark) override {
    return waybill::postgresql::once(connection_.get(), mark);
  }
  waybill::Result<waybill::Version> bump_version(const waybill::VersionedRow& row) override {
    return waybill::postgresql::bump_version(connection_.get(), row);
  }

 private:
  Connection connection_;
};

class ShardedTransaction final : public Subject {
 public:
  explicit ShardedTransaction(const std::vector<waybill::postgresql::Shard>& shards)
      : inbox_(expect(waybill::postgresql::ShardedInbox::open(shards))) {
    for (const auto& shard : shards) connections_.emplace(shard.name, connect(shard.url));
  }

  void run(std::uint64_t number) override {
    const auto mark = mark_of(number);
    PGconn* connection = connections_.at(inbox_.shard_of(mark.unique_id)).get();
    execute(connection, "BEGIN");
    expect_fresh(inbox_.once(connection, mark));
    execute(connection, "UPDATE bench_stock SET units = units - 1 WHERE product = '" + mark.unique_id + "'");
    execute(connection, "COMMIT");
  }

 private:
  waybill::postgresql::ShardedInbox inbox_;
  std::map<std::string, Connection> connections_;
};

}  // namespace

std::unique_ptr<Session> open_postgresql(const std::string& url) { return std::make_unique<PostgresqlSession>(url); }

std::unique_ptr<Subject> sharded_subject(const std::vector<std::string>& names_and_urls) {
  std::vector<waybill::postgresql::Shard> shards;
  for (const auto& text : names_and_urls) {
    const auto at = text.find('=');
    shards.push_back({text.substr(0, at), text.substr(at + 1)});
  }
  return std::make_unique<ShardedTransaction>(shards);
}

}  // namespace bench
