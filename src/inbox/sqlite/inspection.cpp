#include "inbox/sqlite/inspection.hpp"

#include <sqlite3.h>

#include <utility>

#include "core/glob.hpp"
#include "core/url.hpp"
#include "inbox/sqlite/statement.hpp"
#include "waybill/inbox_sqlite.h"

namespace waybill::inbox::sqlite {
namespace {

constexpr std::string_view doing = "can't read the inbox";

constexpr std::string_view all_consumers =
    "SELECT n.consumer, coalesce(m.marks, 0), m.oldest, b.before_ms, "
    "(SELECT count(*) FROM waybill_inbox_conflict c WHERE c.consumer = n.consumer) "
    "FROM (SELECT consumer FROM waybill_inbox UNION SELECT consumer FROM waybill_inbox_bound "
    "UNION SELECT consumer FROM waybill_inbox_conflict) n "
    "LEFT JOIN (SELECT consumer, count(*) AS marks, min(marked_ms) AS oldest FROM waybill_inbox GROUP BY consumer) m "
    "USING (consumer) LEFT JOIN waybill_inbox_bound b USING (consumer) ORDER BY n.consumer";
constexpr std::string_view page_of_conflicts =
    "SELECT seq, consumer, unique_id, fingerprint, kept_digest, kept_message_id, kept_ms, digest, message_id, found_ms "
    "FROM waybill_inbox_conflict WHERE consumer GLOB ? AND seq > ? ORDER BY seq LIMIT ?";
constexpr std::string_view marks =
    "SELECT message_id, unique_id, fingerprint, marked_ms FROM waybill_inbox WHERE consumer GLOB ? AND marked_ms >= ?";

Conflict conflict_of(const Statement& row) {
  Conflict conflict;
  conflict.seq = static_cast<std::uint64_t>(row.number(0).value_or(0));
  conflict.consumer = row.text(1);
  conflict.unique_id = row.text(2);
  conflict.fingerprint = row.text(3);
  conflict.kept_digest = row.text(4);
  conflict.kept_message_id = row.text(5);
  conflict.kept_ms = row.number(6).value_or(0);
  conflict.digest = row.text(7);
  conflict.message_id = row.text(8);
  conflict.found_ms = row.number(9).value_or(0);
  return conflict;
}

class SqliteInspection final : public Inspection {
 public:
  SqliteInspection(std::string name, std::string path) : name_(std::move(name)), path_(std::move(path)) {}

  Result<std::vector<ConsumerMarks>> consumers() override {
    if (auto open = connect(); !open) return std::move(open).error();
    Statement rows(connection_.get(), all_consumers, doing);
    std::vector<ConsumerMarks> found;
    for (;;) {
      auto row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) return found;
      found.push_back({rows.text(0), static_cast<std::uint64_t>(rows.number(1).value_or(0)), false, rows.number(2),
                       rows.number(3), static_cast<std::uint64_t>(rows.number(4).value_or(0))});
    }
  }

  Result<std::vector<Conflict>> conflicts(const ConflictFilter& filter) override {
    if (auto open = connect(); !open) return std::move(open).error();
    const auto pattern = glob_to_sqlite(filter.consumer);
    Statement rows(connection_.get(), page_of_conflicts, doing);
    rows.bind(pattern).bind(static_cast<std::int64_t>(filter.after)).bind(static_cast<std::int64_t>(filter.limit));
    std::vector<Conflict> found;
    for (;;) {
      auto row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row) return found;
      found.push_back(conflict_of(rows));
    }
  }

  Result<std::uint64_t> consumed(const std::string& consumer_glob, std::int64_t since_ms,
                                 const std::function<bool(const Consumed&)>& each) override {
    if (auto open = connect(); !open) return std::move(open).error();
    const auto pattern = glob_to_sqlite(consumer_glob);
    Statement rows(connection_.get(), marks, doing);
    rows.bind(pattern).bind(since_ms);
    for (std::uint64_t count = 0;; ++count) {
      auto row = rows.step();
      if (!row) return std::move(row).error();
      if (!*row || !each({rows.text(0), rows.text(1), rows.text(2), rows.number(3).value_or(0)})) return count;
    }
  }

  Result<std::uint64_t> purge(const std::string& consumer_glob, std::int64_t retention_seconds,
                              const std::function<bool(std::uint64_t gone)>& progress) override {
    if (auto open = connect(); !open) return std::move(open).error();
    constexpr std::uint32_t batch = 1000;
    for (std::uint64_t gone = 0;;) {
      auto some = waybill::sqlite::purge(connection_.get(), consumer_glob, retention_seconds, batch);
      if (!some) return std::move(some).error();
      gone += *some;
      if (*some < batch || (progress && !progress(gone))) return gone;
    }
  }

 private:
  struct Closer {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };

  Status connect() {
    if (connection_) return {};
    sqlite3* raw = nullptr;
    // Not created when it is not there: an empty file would hide a wrong path.
    const int result = sqlite3_open_v2(path_.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
    std::unique_ptr<sqlite3, Closer> opened(raw);
    if (result != SQLITE_OK) {
      return Error{ErrorCode::unreachable,
                   "store '" + name_ + "': can't open " + path_ + ": " + sqlite3_errstr(result)};
    }
    sqlite3_busy_timeout(raw, 10'000);
    connection_ = std::move(opened);
    return execute(raw, "PRAGMA synchronous = FULL", doing);
  }

  std::string name_;
  std::string path_;
  std::unique_ptr<sqlite3, Closer> connection_;
};

}  // namespace

Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store) {
  const auto url = parse_url(store.url.reveal());
  if (!url) return url.error();
  return std::unique_ptr<Inspection>(std::make_unique<SqliteInspection>(store.name, url->host + url->path));
}

}  // namespace waybill::inbox::sqlite
