#include "inbox/mysql/inspection.hpp"

#include <optional>
#include <utility>

#include "inbox/mysql/statement.hpp"
#include "store/mysql/connection.hpp"
#include "waybill/inbox_mysql.h"

namespace waybill::inbox::mysql {
namespace {

constexpr std::string_view doing = "can't read the inbox";

constexpr std::string_view all_consumers =
    "SELECT n.consumer, IFNULL(m.marks, 0), m.oldest, b.before_ms, (SELECT COUNT(*) FROM waybill_inbox_conflict AS c "
    "WHERE c.consumer = n.consumer) FROM (SELECT consumer FROM waybill_inbox UNION SELECT consumer FROM "
    "waybill_inbox_bound UNION SELECT consumer FROM waybill_inbox_conflict) AS n LEFT JOIN (SELECT consumer, COUNT(*) "
    "AS "
    "marks, MIN(marked_ms) AS oldest FROM waybill_inbox GROUP BY consumer) AS m ON m.consumer = n.consumer LEFT JOIN "
    "waybill_inbox_bound AS b ON b.consumer = n.consumer ORDER BY n.consumer";

Conflict conflict_of(const Rows& row) {
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

class MysqlInspection final : public Inspection {
 public:
  explicit MysqlInspection(StoreConfig store) : store_(std::move(store)) {}

  Result<std::vector<ConsumerMarks>> consumers() override {
    auto rows = ask(all_consumers, {});
    if (!rows) return rows.error();
    std::vector<ConsumerMarks> found;
    for (; rows->there(); rows->next()) {
      found.push_back({rows->text(0), static_cast<std::uint64_t>(rows->number(1).value_or(0)), false, rows->number(2),
                       rows->number(3), static_cast<std::uint64_t>(rows->number(4).value_or(0))});
    }
    return found;
  }

  Result<std::vector<Conflict>> conflicts(const ConflictFilter& filter) override {
    auto rows =
        ask("SELECT seq, consumer, unique_id, fingerprint, kept_digest, kept_message_id, kept_ms, digest, message_id, "
            "found_ms FROM waybill_inbox_conflict WHERE consumer LIKE ? ESCAPE '|' AND seq > ? ORDER BY seq LIMIT " +
                std::to_string(filter.limit),
            {glob_to_like(filter.consumer), static_cast<std::int64_t>(filter.after)});
    if (!rows) return rows.error();
    std::vector<Conflict> found;
    for (; rows->there(); rows->next()) found.push_back(conflict_of(*rows));
    return found;
  }

  // Page by page: the client library would hold a whole result in memory.
  Result<std::uint64_t> consumed(const std::string& consumer_glob, std::int64_t since_ms,
                                 const std::function<bool(const Consumed&)>& each) override {
    constexpr std::uint64_t page = 10'000;
    std::uint64_t count = 0;
    for (std::int64_t after = 0;;) {
      auto rows =
          ask("SELECT message_id, unique_id, fingerprint, marked_ms, seq FROM waybill_inbox WHERE seq > ? AND consumer "
              "LIKE ? "
              "ESCAPE '|' AND marked_ms >= ? ORDER BY seq LIMIT " +
                  std::to_string(page),
              {after, glob_to_like(consumer_glob), since_ms});
      if (!rows) return rows.error();
      const auto before = count;
      for (; rows->there(); rows->next(), ++count) {
        after = rows->number(4).value_or(0);
        if (!each({rows->text(0), rows->text(1), rows->text(2), rows->number(3).value_or(0)})) return count;
      }
      if (count - before < page) return count;
    }
  }

  Result<std::uint64_t> purge(const std::string& consumer_glob, std::int64_t retention_seconds,
                              const std::function<bool(std::uint64_t gone)>& progress) override {
    if (auto open = connect(); !open) return open.error();
    constexpr std::uint32_t batch = 1000;
    for (std::uint64_t gone = 0;;) {
      auto some = waybill::mysql::purge(connection_->handle(), consumer_glob, retention_seconds, batch);
      if (!some) return some;
      gone += *some;
      if (*some < batch || (progress && !progress(gone))) return gone;
    }
  }

 private:
  Status connect() {
    if (connection_) return {};
    auto opened = waybill::mysql::Connection::open(store_);
    if (!opened) return opened.error();
    connection_.emplace(std::move(*opened));
    return {};
  }

  Result<Rows> ask(std::string_view sql, const Values& values) {
    if (auto open = connect(); !open) return open.error();
    return query(connection_->handle(), sql, values, doing);
  }

  StoreConfig store_;
  std::optional<waybill::mysql::Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store) {
  return std::unique_ptr<Inspection>{std::make_unique<MysqlInspection>(store)};
}

}  // namespace waybill::inbox::mysql
