#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "core/text.hpp"
#include "store_rig.hpp"

namespace waybill::contract {
namespace {

/// The server's URL with another database.
std::string url_of_database(const std::string& database) {
  const char* server = std::getenv("WAYBILL_TEST_POSTGRESQL");
  if (server == nullptr) {
    throw std::runtime_error{"WAYBILL_TEST_POSTGRESQL is not set; run the tests by `tools/services run -- ctest`"};
  }
  const std::string url{server};
  const auto question = url.find('?');
  const auto options = question == std::string::npos ? "" : url.substr(question);
  const auto base = url.substr(0, question);
  const auto slash = base.find('/', base.find("://") + 3);
  return base.substr(0, slash) + "/" + database + options;
}

class Session {
 public:
  explicit Session(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error{PQerrorMessage(connection_.get())};
    run("SET client_min_messages = warning");
  }

  std::string run(const std::string& sql) { return finish(PQexec(connection_.get(), sql.c_str())); }

  std::string run(const std::string& sql, const std::vector<const char*>& values, const std::vector<int>& lengths,
                  const std::vector<int>& formats) {
    return finish(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                               lengths.data(), formats.data(), 0));
  }

 private:
  std::string finish(PGresult* result) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> owned{result, &PQclear};
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error{PQerrorMessage(connection_.get())};
    }
    return PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

class PostgresqlTransaction final : public ServiceTransaction {
 public:
  explicit PostgresqlTransaction(const std::string& url) : session_(url) { session_.run("BEGIN"); }

  void insert(const ServiceRow& row) override {
    const auto text = [](const std::optional<std::string>& value) { return value ? value->c_str() : nullptr; };
    const auto seconds = row.not_before_ms ? std::to_string(static_cast<double>(*row.not_before_ms) / 1000.0) : "";
    std::string sql = std::string{"INSERT INTO waybill.outbox (topic, key, payload, headers, not_before"} +
                      (row.id ? ", id" : "") + ") VALUES ($1, $2, $3::bytea, $4::json, to_timestamp($5::float8)" +
                      (row.id ? ", $6" : "") + ")";
    std::vector<const char*> values{row.topic.c_str(), text(row.key), row.payload.data(), text(row.headers),
                                    row.not_before_ms ? seconds.c_str() : nullptr};
    if (row.id) values.push_back(row.id->c_str());
    std::vector<int> lengths(values.size(), 0);
    std::vector<int> formats(values.size(), 0);
    lengths[2] = static_cast<int>(row.payload.size());
    formats[2] = 1;
    session_.run(sql, values, lengths, formats);
  }
  void commit() override { session_.run("COMMIT"); }
  void rollback() override { session_.run("ROLLBACK"); }
  void savepoint() override { session_.run("SAVEPOINT here"); }
  void rollback_to_savepoint() override { session_.run("ROLLBACK TO here"); }

 private:
  Session session_;
};

std::unique_ptr<store::Store> open_database(const std::string& database) {
  StoreConfig config;
  config.name = "postgresql";
  config.url = Secret{url_of_database(database)};
  config.max_payload = rig_max_payload;
  auto opened = store::open_store(config);
  if (!opened) throw std::runtime_error{opened.error().message()};
  return std::move(*opened);
}

/// A database with Waybill's tables to copy from: much faster than to migrate for each test. Its name tells the tables'
/// text, so that a changed schema gets a new one.
std::string template_database(Session& server) {
  auto sql = open_database("postgres")->migration();
  if (!sql) throw std::runtime_error{sql.error().message()};
  const auto name = "waybill_template_" + sha256_hex(*sql).substr(0, 16);
  // Several test programs run at once; CREATE DATABASE has no IF NOT EXISTS.
  server.run("SELECT pg_advisory_lock(7240)");
  if (server.run("SELECT 1 FROM pg_database WHERE datname = '" + name + "'").empty()) {
    const auto draft = name + "_draft";
    server.run("DROP DATABASE IF EXISTS " + draft);
    server.run("CREATE DATABASE " + draft);
    {
      auto store = open_database(draft);
      if (auto migrated = store->migrate(); !migrated) throw std::runtime_error{migrated.error().message()};
    }
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + draft + "'");
    server.run("ALTER DATABASE " + draft + " RENAME TO " + name);
  }
  server.run("SELECT pg_advisory_unlock(7240)");
  return name;
}

class PostgresqlRig final : public StoreRig {
 public:
  PostgresqlRig() : server_(url_of_database("postgres")) {
    static std::atomic<int> number{0};
    database_ = "waybill_test_" + std::to_string(getpid()) + "_" + std::to_string(++number);
    server_.run("CREATE DATABASE " + database_ + " TEMPLATE " + template_database(server_));
    store_ = open_database(database_);
  }
  PostgresqlRig(const PostgresqlRig&) = delete;
  PostgresqlRig& operator=(const PostgresqlRig&) = delete;
  ~PostgresqlRig() override {
    store_.reset();
    try {
      server_.run("DROP DATABASE " + database_ + " WITH (FORCE)");
    } catch (const std::exception&) {
      // The server is a throw-away one: a database that is left does no harm.
    }
  }

  store::Store& store() override { return *store_; }
  std::unique_ptr<ServiceTransaction> begin() override {
    return std::make_unique<PostgresqlTransaction>(url_of_database(database_));
  }
  void steal() override {
    server_.run(
        "SELECT pg_terminate_backend(l.pid, 5000) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database "
        "WHERE l.locktype = 'advisory' AND l.pid <> pg_backend_pid() AND d.datname = '" +
        database_ + "'");
  }

 private:
  Session server_;
  std::string database_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace

std::unique_ptr<StoreRig> make_postgresql_rig() { return std::make_unique<PostgresqlRig>(); }

}  // namespace waybill::contract
