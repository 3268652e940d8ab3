#include "store/sqlite/upkeep.hpp"

#include "store/retention.hpp"

namespace waybill::sqlite {
namespace {

constexpr std::string_view forgetting = "can't forget what is old";
constexpr std::int64_t day_ms = 86'400'000;

// Few at a time, so that a service never waits long for its turn.
constexpr std::string_view old_dropped =
    "DELETE FROM waybill_retry WHERE seq IN (SELECT seq FROM waybill_retry WHERE state = 'dropped' AND changed_at < ?1 "
    "ORDER BY seq LIMIT 1000)";
constexpr std::string_view old_history =
    "DELETE FROM waybill_attempt WHERE n IN (SELECT n FROM waybill_attempt AS old WHERE at < ?1 "
    "AND NOT EXISTS (SELECT 1 FROM waybill_retry WHERE id = old.id) ORDER BY n LIMIT 10000)";
constexpr std::string_view old_reports = "DELETE FROM waybill_relay_report WHERE at < ?1";
constexpr std::string_view too_many_reports =
    "DELETE FROM waybill_relay_report WHERE relay IN (SELECT relay FROM waybill_relay_report ORDER BY at DESC LIMIT -1 "
    "OFFSET ?1)";

Status forget(Connection& connection, std::string_view sql, std::int64_t limit) {
  auto statement = connection.prepare(sql, forgetting);
  return statement ? statement->bind(1, limit).run(forgetting) : Status{statement.error()};
}

}  // namespace

Status forget_old(Connection& connection, std::int64_t now_ms) {
  const auto before = now_ms - store::days_kept * day_ms;
  if (auto done = forget(connection, old_dropped, before); !done) return done;
  if (auto done = forget(connection, old_history, before); !done) return done;
  if (auto done = forget(connection, old_reports, now_ms - day_ms); !done) return done;
  return forget(connection, too_many_reports, store::reports_kept);
}

}  // namespace waybill::sqlite
