#include "store/mysql/store.hpp"

#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/mysql/lane.hpp"
#include "store/mysql/schema_version.hpp"
#include "store/registry.hpp"
#include "store/retention.hpp"

namespace waybill::mysql {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

Status forget_old(Connection& connection) {
  constexpr std::string_view doing = "can't forget what is old";
  const auto before = wall_ms() - store::days_kept * day_ms;
  // Few at a time, so that nobody waits long.
  auto done = connection.run("DELETE FROM waybill_retry WHERE state = 'dropped' AND changed_at < ? LIMIT 1000",
                             {before}, doing);
  if (done) {
    done = connection.run(
        "DELETE FROM waybill_attempt WHERE at < ? AND NOT EXISTS (SELECT 1 FROM waybill_retry AS r WHERE r.id = "
        "waybill_attempt.id) ORDER BY n LIMIT 10000",
        {before}, doing);
  }
  if (done) done = connection.run("DELETE FROM waybill_relay_report WHERE at < ?", {wall_ms() - day_ms}, doing);
  if (done) {
    // A table within a table: MySQL deletes from none that it selects from.
    done = connection.run(
        "DELETE FROM waybill_relay_report WHERE relay IN (SELECT relay FROM (SELECT relay FROM waybill_relay_report "
        "ORDER BY at DESC LIMIT 1000000 OFFSET " +
            std::to_string(store::reports_kept) + ") AS old)",
        {}, doing);
  }
  return done;
}

Status insert(Connection& connection, const Message& message, const MessageId& id) {
  const auto headers =
      message.headers.empty() ? std::optional<std::string>{} : std::optional{headers_to_json(message.headers)};
  Value not_before{nullptr};
  if (message.not_before) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(message.not_before->time_since_epoch());
    not_before = Value{std::int64_t{ms.count()}};
  }
  const auto key = message.key ? std::optional{message.key->str()} : std::nullopt;
  const auto content_type = message.content_type.empty() ? std::nullopt : std::optional{message.content_type};
  return connection.run(
      "INSERT INTO waybill_outbox (id, topic, `key`, headers, content_type, not_before, payload) VALUES (?, ?, ?, ?, "
      "?, "
      "FROM_UNIXTIME(? / 1000.0), ?)",
      {id.str(), message.topic.str(), key, headers, content_type, not_before, message.payload}, "can't persist");
}

}  // namespace

Status MysqlStore::ready() {
  if (connection_) return {};
  auto opened = Connection::open(config_);
  if (!opened) return opened.error();
  if (auto current = require_current_schema(*opened, config_.name); !current) return current;
  connection_.emplace(std::move(*opened));
  return {};
}

Result<store::SchemaState> MysqlStore::schema() {
  auto opened = Connection::open(config_);
  if (!opened) return opened.error();
  return schema_state(*opened);
}

Result<std::string> MysqlStore::migration() {
  auto state = schema();
  if (!state) return state.error();
  return *state == store::SchemaState::current ? std::string{} : std::string{schema_sql()};
}

Status MysqlStore::migrate() {
  auto opened = Connection::open(config_);
  if (!opened) return opened.error();
  auto state = schema_state(*opened);
  if (!state) return state.error();
  if (*state == store::SchemaState::current) return {};
  if (*state == store::SchemaState::newer) return require_current_schema(*opened, config_.name);
  // Tables are committed one by one; the version comes last, so a migration that was cut short is done again.
  return opened->run_script(schema_sql(), "can't create Waybill's tables in store '" + config_.name + "'");
}

Result<std::unique_ptr<store::Lane>> MysqlStore::acquire(std::uint32_t lane, const std::string& holder) {
  if (lane != 0 || config_.lanes > 1) {
    return Error{ErrorCode::invalid_configuration,
                 "store '" + config_.name + "': a MySQL store has one lane; set lanes = 1"};
  }
  return MysqlLane::open(config_, holder);
}

Result<std::vector<MessageId>> MysqlStore::persist(std::span<const Message> messages) {
  return with_connection<std::vector<MessageId>>([&](Connection& connection) -> Result<std::vector<MessageId>> {
    auto transaction = Transaction::begin(connection, "can't persist");
    if (!transaction) return transaction.error();
    std::vector<MessageId> ids;
    for (const auto& message : messages) {
      ids.push_back(message.id.empty() ? MessageId{make_uuid7()} : message.id);
      auto whole = message;
      whole.id = ids.back();
      if (auto valid = validate(whole); !valid) return valid.error();
      if (auto inserted = insert(connection, message, ids.back()); !inserted) return inserted.error();
    }
    if (auto committed = transaction->commit("can't persist"); !committed) return committed.error();
    return ids;
  });
}

Status MysqlStore::report(const store::RelayReport& report) {
  auto stored = with_connection<bool>([&](Connection& connection) -> Result<bool> {
    auto done = connection.run("REPLACE INTO waybill_relay_report (relay, at, json) VALUES (?, ?, ?)",
                               {report.relay, wall_ms(), report.json}, "can't store the relay's report");
    if (done && ++reports_written_ % 600 == 1) done = forget_old(connection);
    return done ? Result<bool>{true} : Result<bool>{done.error()};
  });
  return stored ? Status{} : Status{stored.error()};
}

Result<std::vector<store::RelayReport>> MysqlStore::reports() {
  return with_connection<std::vector<store::RelayReport>>(
      [](Connection& connection) -> Result<std::vector<store::RelayReport>> {
        auto rows = connection.query("SELECT relay, json, at FROM waybill_relay_report ORDER BY relay", {},
                                     "can't read the relays' reports");
        if (!rows) return rows.error();
        std::vector<store::RelayReport> all;
        for (std::size_t row = 0; row < rows->count(); ++row) {
          all.push_back({rows->text(row, 0), rows->text(row, 1), wall_ms() - rows->number(row, 2)});
        }
        return all;
      });
}

}  // namespace waybill::mysql

namespace waybill::store {

Result<std::unique_ptr<Store>> open_mysql_store(const StoreConfig& config) {
  return std::unique_ptr<Store>{std::make_unique<mysql::MysqlStore>(config)};
}

}  // namespace waybill::store
