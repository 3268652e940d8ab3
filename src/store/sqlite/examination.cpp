// What the promises rest on, for `waybill doctor`.

#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "store/sqlite/location.hpp"
#include "store/sqlite/schema_version.hpp"
#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

using Severity = Finding::Severity;

constexpr std::uintmax_t low_space = 256u << 20;
constexpr std::uintmax_t large_log = 1u << 30;

class Examination {
 public:
  Examination(std::string subject, std::string path) : subject_(std::move(subject)), path_(std::move(path)) {}

  void check_library() {
    const std::string version = sqlite3_libversion();
    if (sqlite3_libversion_number() >= 3'051'003) return add("WB-D201", Severity::ok, "SQLite " + version, "");
    add("WB-D201", Severity::warning,
        "SQLite " + version + " can have the WAL-reset bug: when one process writes while another checkpoints, the " +
            "database can be damaged",
        "use SQLite 3.51.3 or later, or a distribution's package that has the fix");
  }

  void check_file_system() {
    if (const auto network = network_file_system(path_)) {
      add("WB-D202", Severity::critical, path_ + " is on " + *network + ": SQLite's locks do not work there",
          "move the database to a local file system");
    } else {
      add("WB-D202", Severity::ok, path_ + " is on a local file system", "");
    }
  }

  void check_permissions() {
    const auto folder = std::filesystem::path{path_}.parent_path().string();
    const char* place = folder.empty() ? "." : folder.c_str();
    if (access(path_.c_str(), R_OK | W_OK) == 0 && access(place, W_OK | X_OK) == 0) return;
    add("WB-D203", Severity::critical, path_ + " or its folder can't be written by this user",
        "give the relay's user write permission on the file and on the folder");
  }

  void check_space() {
    struct statvfs space{};
    if (statvfs(path_.c_str(), &space) != 0) return;
    const auto free_bytes = std::uintmax_t{space.f_bavail} * space.f_frsize;
    if (free_bytes < low_space) {
      add("WB-D204", Severity::warning, "only " + std::to_string(free_bytes >> 20) + " MiB are free beside " + path_,
          "free some space: a full disk stops services and relay");
    }
    std::error_code failed;
    const auto log = std::filesystem::file_size(path_ + "-wal", failed);
    if (!failed && log > large_log) {
      add("WB-D205", Severity::warning, "the write-ahead log has grown to " + std::to_string(log >> 20) + " MiB",
          "look for a program that keeps a read transaction open");
    }
  }

  void check_journal(Connection& connection) {
    const auto mode = connection.ask("PRAGMA journal_mode", "can't read journal_mode");
    if (mode && *mode == "wal") {
      add("WB-D206", Severity::ok, "journal_mode is WAL", "");
    } else {
      add("WB-D206", Severity::critical, "journal_mode is " + (mode ? *mode : mode.error().message()) + ", not WAL",
          "run `waybill migrate`");
    }
  }

  void check_synchronous() {
    sqlite3* fresh = nullptr;
    std::string level;
    if (sqlite3_open_v2(":memory:", &fresh, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
      sqlite3_exec(
          fresh, "PRAGMA synchronous",
          [](void* into, int, char** columns, char**) {
            *static_cast<std::string*>(into) = columns[0];
            return 0;
          },
          &level, nullptr);
    }
    sqlite3_close_v2(fresh);
    if (level == "2" || level == "3") {
      add("WB-D207", Severity::ok,
          "synchronous is FULL unless a service lowers it; with NORMAL its last commits can be lost at a power cut",
          "");
    } else {
      add("WB-D207", Severity::warning, "this SQLite library's default is synchronous=" + level + ", below FULL",
          "let each service run PRAGMA synchronous=FULL on its connection");
    }
  }

  void check_schema(Connection& connection) {
    const auto current = require_current_schema(connection, path_);
    if (current) {
      add("WB-D200", Severity::ok, "Waybill's tables are there, version " + std::to_string(schema_version), "");
    } else {
      add("WB-D200", Severity::critical, current.error().message(), "run `waybill migrate`");
    }
  }

  std::vector<Finding> findings() && { return std::move(findings_); }

 private:
  void add(std::string code, Severity severity, std::string text, std::string remedy) {
    findings_.push_back({std::move(code), severity, subject_, std::move(text), std::move(remedy)});
  }

  std::string subject_;
  std::string path_;
  std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> SqliteStore::examine() {
  Examination examination{config_.name, path_};
  examination.check_library();
  examination.check_file_system();
  examination.check_permissions();
  examination.check_space();
  examination.check_synchronous();
  auto opened = Connection::open(path_, Connection::Mode::existing, std::chrono::seconds{5});
  if (!opened) return opened.error();
  examination.check_schema(*opened);
  examination.check_journal(*opened);
  return std::move(examination).findings();
}

}  // namespace waybill::sqlite
