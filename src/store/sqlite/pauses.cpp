// Routes that people hold back.

#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

constexpr std::string_view reading = "can't read which routes are paused";
constexpr std::string_view storing = "can't store which routes are paused";

}  // namespace

Result<std::vector<store::Pause>> SqliteStore::pauses() {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto rows = (*open)->cached("SELECT route, who, why, since FROM waybill_pause ORDER BY route", reading);
  if (!rows) return rows.error();
  std::vector<store::Pause> found;
  while (true) {
    auto there = (*rows)->step(reading);
    if (!there) return there.error();
    if (!*there) return found;
    found.push_back({(*rows)->text(0), (*rows)->text(1), (*rows)->text(2), (*rows)->number(3)});
  }
}

Result<bool> SqliteStore::pause(const store::Pause& pause) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto insert = (*open)->cached("INSERT OR IGNORE INTO waybill_pause VALUES (?1, ?2, ?3, ?4)", storing);
  if (!insert) return insert.error();
  (*insert)->bind(1, std::string_view{pause.route}).bind(2, std::string_view{pause.who});
  (*insert)->bind(3, std::string_view{pause.why}).bind(4, pause.since_ms);
  if (auto done = (*insert)->run(storing); !done) return done.error();
  return (*open)->changes() > 0;
}

Result<bool> SqliteStore::resume(const std::string& route) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto remove = (*open)->cached("DELETE FROM waybill_pause WHERE route = ?1", storing);
  if (!remove) return remove.error();
  if (auto done = (*remove)->bind(1, std::string_view{route}).run(storing); !done) return done.error();
  return (*open)->changes() > 0;
}

}  // namespace waybill::sqlite
