#include <libpq-fe.h>

#include <cstdlib>
#include <string_view>

#include "database.hpp"
#include "waybill/inbox_postgresql.h"
#include "waybill/outbox_postgresql.h"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Result;
using waybill::Status;

struct Finisher {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Cleared {
  void operator()(PGresult* result) const { PQclear(result); }
};

class PostgresqlDatabase final : public Database {
 public:
  explicit PostgresqlDatabase(std::unique_ptr<PGconn, Finisher> connection) : connection_(std::move(connection)) {}

  Status begin() override { return status(run("BEGIN", {})); }
  Status commit() override { return status(run("COMMIT", {})); }
  void rollback() override {
    if (PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) static_cast<void>(run("ROLLBACK", {}));
  }

  Result<Answer> run(const std::string& sql, const std::vector<std::string>& values) override {
    std::vector<const char*> texts;
    for (const auto& value : values) texts.push_back(value.c_str());
    const std::unique_ptr<PGresult, Cleared> result(PQexecParams(
        connection_.get(), sql.c_str(), static_cast<int>(texts.size()), nullptr, texts.data(), nullptr, nullptr, 0));
    const auto got = PQresultStatus(result.get());
    if (got != PGRES_COMMAND_OK && got != PGRES_TUPLES_OK) return error(sql, result.get());
    Answer answer;
    answer.changed = std::atoll(PQcmdTuples(result.get()));
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      auto& texts_of_row = answer.rows.emplace_back();
      for (int column = 0; column < PQnfields(result.get()); ++column) {
        texts_of_row.emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
    return answer;
  }

  Result<waybill::MessageId> send(const waybill::Message& message) override {
    return waybill::postgresql::send(connection_.get(), message);
  }
  Result<waybill::Once> once(const waybill::Mark& mark) override {
    return waybill::postgresql::once(connection_.get(), mark);
  }
  Result<waybill::Version> bump_version(const waybill::VersionedRow& row) override {
    return waybill::postgresql::bump_version(connection_.get(), row);
  }

 private:
  static Status status(const Result<Answer>& answer) { return answer ? Status{} : Status{answer.error()}; }

  Error error(const std::string& sql, const PGresult* result) const {
    const auto text = sql.substr(0, 40) + "...: " + PQerrorMessage(connection_.get());
    if (PQstatus(connection_.get()) != CONNECTION_OK) return {ErrorCode::unreachable, text};
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string_view sqlstate = state == nullptr ? "" : state;
    if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03") return {ErrorCode::busy, text};
    if (sqlstate == "53100") return {ErrorCode::disk_full, text};
    return {ErrorCode::refused, text};
  }

  std::unique_ptr<PGconn, Finisher> connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(const std::string& url) {
  const char* keys[] = {"dbname", "connect_timeout", "application_name", "options", nullptr};
  const char* values[] = {url.c_str(), "5", "shop", "-c client_min_messages=warning", nullptr};
  std::unique_ptr<PGconn, Finisher> connection(PQconnectdbParams(keys, values, 1));
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return Error{ErrorCode::unreachable, std::string{"can't connect: "} + PQerrorMessage(connection.get())};
  }
  return std::unique_ptr<Database>(std::make_unique<PostgresqlDatabase>(std::move(connection)));
}

}  // namespace shop
