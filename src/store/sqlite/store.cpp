#include "store/sqlite/store.hpp"

#include <chrono>

#include "store/registry.hpp"
#include "store/sqlite/lane.hpp"
#include "store/sqlite/location.hpp"
#include "store/sqlite/schema_version.hpp"
#include "waybill/outbox_sqlite.h"

namespace waybill::sqlite {
namespace {

// How long a call waits for another program's transaction.
constexpr Duration busy_limit = std::chrono::seconds{5};

}  // namespace

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Result<Connection*> SqliteStore::connection() {
  if (connection_) return &*connection_;
  auto opened = Connection::open(path_, Connection::Mode::existing, busy_limit);
  if (!opened) return opened.error();
  if (auto current = require_current_schema(*opened, path_); !current) return current.error();
  connection_.emplace(std::move(*opened));
  return &*connection_;
}

Result<store::SchemaState> SqliteStore::schema() {
  auto opened = Connection::open(path_, Connection::Mode::existing, busy_limit);
  if (opened) return schema_state(*opened);
  if (opened.error().code() == ErrorCode::missing_schema) return store::SchemaState::missing;
  return opened.error();
}

Result<std::string> SqliteStore::migration() {
  auto state = schema();
  if (!state) return state.error();
  if (*state == store::SchemaState::current) return std::string{};
  return "PRAGMA journal_mode=WAL;\nBEGIN IMMEDIATE;\n" + std::string{schema_sql()} + "COMMIT;\n";
}

Status SqliteStore::migrate() {
  const auto doing = "can't create Waybill's tables in " + path_;
  if (const auto network = network_file_system(path_)) {
    return Error{ErrorCode::refused, path_ + " is on " + *network + "; SQLite needs a local file system"};
  }
  auto opened = Connection::open(path_, Connection::Mode::create, busy_limit);
  if (!opened) return opened.error();
  auto state = schema_state(*opened);
  if (!state) return state.error();
  if (*state == store::SchemaState::newer) return require_current_schema(*opened, path_);
  // It is stored in the file: every other program's connection uses the log from now on too.
  auto mode = opened->ask("PRAGMA journal_mode=WAL", doing);
  if (!mode) return mode.error();
  if (*mode != "wal") return Error{ErrorCode::unsupported, doing + ": it can't use a write-ahead log"};
  auto transaction = Transaction::begin(*opened, doing);
  if (!transaction) return transaction.error();
  if (auto made = opened->run(std::string{schema_sql()}, doing); !made) return made;
  return transaction->commit(doing);
}

Result<std::unique_ptr<store::Lane>> SqliteStore::acquire(std::uint32_t lane, const std::string& holder) {
  if (lane != 0 || config_.lanes > 1) {
    return Error{ErrorCode::invalid_configuration,
                 "store '" + config_.name + "': SQLite has one writer at a time, so one lane; set lanes = 1"};
  }
  return SqliteLane::open(path_, holder, config_.max_payload);
}

Result<std::vector<MessageId>> SqliteStore::persist(std::span<const Message> messages) {
  constexpr std::string_view doing = "can't persist";
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto transaction = Transaction::begin(**open, doing);
  if (!transaction) return transaction.error();
  std::vector<MessageId> ids;
  ids.reserve(messages.size());
  for (const auto& message : messages) {
    auto id = send((*open)->handle(), message);
    if (!id) return id.error();
    ids.push_back(std::move(*id));
  }
  if (auto committed = transaction->commit(doing); !committed) return committed.error();
  return ids;
}

}  // namespace waybill::sqlite

namespace waybill::store {

Result<std::unique_ptr<Store>> open_sqlite_store(const StoreConfig& config) {
  auto path = sqlite::path_of(config);
  if (!path) return path.error();
  return std::unique_ptr<Store>{std::make_unique<sqlite::SqliteStore>(config, *path)};
}

}  // namespace waybill::store
