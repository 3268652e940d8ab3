#include "store/mysql/connection.hpp"
#include "sync/database.hpp"

namespace waybill::sync {
namespace {

constexpr std::string_view applying = "can't apply the journal";
constexpr Dialect dialect{"'\"`", true};

/// A literal of text, in hexadecimal so that it can't end: the server takes it to the type of what it meets.
std::string literal(std::size_t, const std::string& value) {
  return value.empty() ? "''" : "_utf8mb4 " + mysql::Value(value).literal();
}

class MysqlDatabase final : public Database {
 public:
  explicit MysqlDatabase(mysql::Connection connection) : connection_(std::move(connection)) {}

  Result<std::vector<Row>> run(std::string_view sql, const Fields& fields) override {
    auto bound = bind_fields(sql, fields, literal, dialect);
    if (!bound) return bound.error();
    auto rows = connection_.query(bound->sql, {}, applying);
    if (!rows) return rows.error();
    std::vector<Row> all;
    for (std::size_t row = 0; row < rows->count(); ++row) {
      Row one;
      for (unsigned column = 0; column < rows->columns(); ++column) one.push_back(rows->optional_text(row, column));
      all.push_back(std::move(one));
    }
    return all;
  }

  Result<bool> mark_attempt(const std::string& attempt) override {
    auto marked = run(
        "INSERT IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint) VALUES ('waybill:attempt', :attempt, '1')",
        {{"attempt", attempt}});
    return marked ? Result<bool>{connection_.changes() > 0} : Result<bool>{marked.error()};
  }

  std::string_view long_text() const override { return "longtext"; }
  std::string_view table_options() const override {
    return " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
  }

  Status define(const std::string& sql) override { return connection_.run(sql, {}, applying); }

  Status begin() override { return connection_.run("START TRANSACTION", {}, applying); }
  Status commit() override {
    auto committed = connection_.run("COMMIT", {}, applying);
    if (committed || !connection_.is_lost()) return committed;
    return Error{ErrorCode::in_doubt, committed.error().message()};
  }
  void rollback() override { (void)connection_.run("ROLLBACK", {}, applying); }

 private:
  mysql::Connection connection_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_mysql(const StoreConfig& store) {
  auto connection = mysql::Connection::open(store);
  if (!connection) return connection.error();
  return std::unique_ptr<Database>{std::make_unique<MysqlDatabase>(std::move(*connection))};
}

}  // namespace waybill::sync
