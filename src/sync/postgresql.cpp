#include "store/postgresql/connection.hpp"
#include "sync/database.hpp"

namespace waybill::sync {
namespace {

constexpr std::string_view applying = "can't apply the journal";

class PostgresqlDatabase final : public Database {
 public:
  explicit PostgresqlDatabase(std::unique_ptr<postgresql::Connection> connection)
      : connection_(std::move(connection)) {}

  Result<std::vector<Row>> run(std::string_view sql, const Fields& fields) override {
    auto bound = bind_fields(sql, fields, [](std::size_t number, const auto&) { return "$" + std::to_string(number); });
    if (!bound) return bound.error();
    postgresql::Parameters parameters;
    for (const auto& value : bound->values) parameters.add(value);
    auto rows = connection_->run(bound->sql, parameters, applying);
    if (!rows) return rows.error();
    return read(*rows);
  }

  Result<bool> mark_attempt(const std::string& attempt) override {
    auto marked = run("SELECT waybill.once('waybill:attempt', :attempt, '1')", {{"attempt", attempt}});
    return marked ? Result<bool>{marked->front().front() == "new"} : Result<bool>{marked.error()};
  }

  Status define(const std::string& sql) override {
    auto done = connection_->run(sql, applying);
    return done ? Status{} : Status{done.error()};
  }

  Status begin() override { return define("BEGIN"); }
  Status commit() override {
    auto committed = connection_->run("COMMIT", applying);
    if (committed) return {};
    if (connection_->alive()) return committed.error();
    return Error{ErrorCode::in_doubt, committed.error().message()};
  }
  void rollback() override {
    // A connection that is gone has rolled back already.
    (void)define("ROLLBACK");
  }

 private:
  static std::vector<Row> read(const postgresql::Rows& rows) {
    std::vector<Row> all;
    for (int row = 0; row < rows.count(); ++row) {
      Row one;
      for (int column = 0; column < rows.columns(); ++column) one.push_back(rows.optional_text(row, column));
      all.push_back(std::move(one));
    }
    return all;
  }

  std::unique_ptr<postgresql::Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(const StoreConfig& store) {
  auto connection = postgresql::Connection::open(store.url, "waybill sync", Deadline::after(std::chrono::seconds{10}));
  if (!connection)
    return Error{connection.error().code(), "store '" + store.name + "': " + connection.error().message()};
  (*connection)->set_time_limit(std::chrono::seconds{60});
  return std::unique_ptr<Database>{std::make_unique<PostgresqlDatabase>(std::move(*connection))};
}

}  // namespace waybill::sync
