#include "core/url.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/location.hpp"
#include "sync/database.hpp"

namespace waybill::sync {
namespace {

constexpr std::string_view applying = "can't apply the journal";
constexpr Duration busy_limit = std::chrono::seconds{10};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(sqlite::Connection connection) : connection_(std::move(connection)) {}

  Result<std::vector<Row>> run(std::string_view sql, const Fields& fields) override {
    auto bound = bind_fields(sql, fields, [](std::size_t number, const auto&) { return "?" + std::to_string(number); });
    if (!bound) return bound.error();
    auto statement = connection_.prepare(bound->sql, applying);
    if (!statement) return statement.error();
    for (std::size_t at = 0; at < bound->values.size(); ++at) {
      statement->bind(static_cast<int>(at) + 1, std::string_view{bound->values[at]});
    }
    std::vector<Row> all;
    while (true) {
      auto stepped = statement->step(applying);
      if (!stepped) return stepped.error();
      if (!*stepped) return all;
      Row row;
      for (int column = 0; column < statement->columns(); ++column) row.push_back(statement->optional_text(column));
      all.push_back(std::move(row));
    }
  }

  Result<bool> mark_attempt(const std::string& attempt) override {
    auto marked = run(
        "INSERT OR IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint) VALUES ('waybill:attempt', :attempt, "
        "'1') RETURNING 'new'",
        {{"attempt", attempt}});
    return marked ? Result<bool>{!marked->empty()} : Result<bool>{marked.error()};
  }

  Status define(const std::string& sql) override { return connection_.run(sql, applying); }

  Status begin() override { return connection_.run("BEGIN IMMEDIATE", applying); }
  Status commit() override { return connection_.run("COMMIT", applying); }
  void rollback() override { (void)connection_.run("ROLLBACK", applying); }

 private:
  sqlite::Connection connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const StoreConfig& store) {
  auto path = sqlite::path_of(store);
  if (!path) return path.error();
  auto connection = sqlite::Connection::open(*path, sqlite::Connection::Mode::existing, busy_limit);
  if (!connection) return connection.error();
  return std::unique_ptr<Database>{std::make_unique<SqliteDatabase>(std::move(*connection))};
}

}  // namespace waybill::sync
