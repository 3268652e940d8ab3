#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "store_rig.hpp"

namespace waybill::contract {
namespace {

void require(sqlite3* connection, int result) {
  if (result != SQLITE_OK && result != SQLITE_DONE) throw std::runtime_error{sqlite3_errmsg(connection)};
}

class SqliteTransaction final : public ServiceTransaction {
 public:
  explicit SqliteTransaction(const std::string& path) {
    require(connection_, sqlite3_open(path.c_str(), &connection_));
    sqlite3_busy_timeout(connection_, 20'000);
    run("BEGIN");
  }
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction() override { sqlite3_close_v2(connection_); }

  void insert(const ServiceRow& row) override {
    const std::string sql = std::string{"INSERT INTO waybill_outbox (topic, key, payload, headers, not_before"} +
                            (row.id ? ", id" : "") + ") VALUES (?1, ?2, ?3, ?4, ?5" + (row.id ? ", ?6" : "") + ")";
    sqlite3_stmt* statement = nullptr;
    require(connection_, sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr));
    bind(statement, 1, &row.topic);
    bind(statement, 2, row.key ? &*row.key : nullptr);
    sqlite3_bind_blob64(statement, 3, row.payload.data(), row.payload.size(), SQLITE_STATIC);
    bind(statement, 4, row.headers ? &*row.headers : nullptr);
    if (row.not_before_ms) sqlite3_bind_int64(statement, 5, *row.not_before_ms);
    if (row.id) bind(statement, 6, &*row.id);
    const int stepped = sqlite3_step(statement);
    sqlite3_finalize(statement);
    require(connection_, stepped);
  }
  void commit() override { run("COMMIT"); }
  void rollback() override { run("ROLLBACK"); }
  void savepoint() override { run("SAVEPOINT here"); }
  void rollback_to_savepoint() override { run("ROLLBACK TO here"); }

 private:
  /// The text must outlive the step: SQLite keeps a pointer.
  static void bind(sqlite3_stmt* statement, int at, const std::string* text) {
    if (text) sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void run(const char* sql) { require(connection_, sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr)); }

  sqlite3* connection_ = nullptr;
};

class SqliteRig final : public StoreRig {
 public:
  SqliteRig() {
    std::string name = std::filesystem::temp_directory_path() / "waybill-contract-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"can't make " + name};
    folder_ = name;
    StoreConfig config;
    config.name = "sqlite";
    config.url = Secret{"sqlite://" + path()};
    config.max_payload = rig_max_payload;
    auto opened = store::open_store(config);
    if (!opened) throw std::runtime_error{opened.error().message()};
    store_ = std::move(*opened);
    if (auto migrated = store_->migrate(); !migrated) throw std::runtime_error{migrated.error().message()};
  }
  SqliteRig(const SqliteRig&) = delete;
  SqliteRig& operator=(const SqliteRig&) = delete;
  ~SqliteRig() override {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  store::Store& store() override { return *store_; }
  std::unique_ptr<ServiceTransaction> begin() override { return std::make_unique<SqliteTransaction>(path()); }
  void steal() override { std::filesystem::remove(path() + "-waybill-lane0"); }

 private:
  std::string path() const { return folder_ / "outbox.db"; }

  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace

std::unique_ptr<StoreRig> make_sqlite_rig() { return std::make_unique<SqliteRig>(); }

}  // namespace waybill::contract
