// Routes that people hold back.

#include "store/mysql/store.hpp"

namespace waybill::mysql {
namespace {

constexpr std::string_view storing = "can't store which routes are paused";

}  // namespace

Result<std::vector<store::Pause>> MysqlStore::pauses() {
  return with_connection<std::vector<store::Pause>>([](Connection& connection) -> Result<std::vector<store::Pause>> {
    auto rows = connection.query("SELECT route, who, why, since FROM waybill_pause ORDER BY route", {},
                                 "can't read which routes are paused");
    if (!rows) return rows.error();
    std::vector<store::Pause> found;
    for (std::size_t row = 0; row < rows->count(); ++row) {
      found.push_back({rows->text(row, 0), rows->text(row, 1), rows->text(row, 2), rows->number(row, 3)});
    }
    return found;
  });
}

Result<bool> MysqlStore::pause(const store::Pause& pause) {
  return with_connection<bool>([&](Connection& connection) -> Result<bool> {
    auto done = connection.run("INSERT IGNORE INTO waybill_pause VALUES (?, ?, ?, ?)",
                               {pause.route, pause.who, pause.why, pause.since_ms}, storing);
    if (!done) return done.error();
    return connection.changes() > 0;
  });
}

Result<bool> MysqlStore::resume(const std::string& route) {
  return with_connection<bool>([&](Connection& connection) -> Result<bool> {
    auto done = connection.run("DELETE FROM waybill_pause WHERE route = ?", {route}, storing);
    if (!done) return done.error();
    return connection.changes() > 0;
  });
}

}  // namespace waybill::mysql
