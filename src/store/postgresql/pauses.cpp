// Routes that people hold back.

#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto storing = "can't store which routes are paused";

}  // namespace

Result<std::vector<store::Pause>> PostgresStore::pauses() {
  return with_connection([](Connection& connection) -> Result<std::vector<store::Pause>> {
    auto rows = connection.run("SELECT route, who, why, since FROM waybill.pause ORDER BY route",
                               "can't read which routes are paused");
    if (!rows) return rows.error();
    std::vector<store::Pause> found;
    for (int i = 0; i < rows->count(); ++i) {
      found.push_back({rows->text(i, 0), rows->text(i, 1), rows->text(i, 2), rows->number(i, 3)});
    }
    return found;
  });
}

Result<bool> PostgresStore::pause(const store::Pause& pause) {
  return with_connection([&](Connection& connection) -> Result<bool> {
    Parameters parameters;
    parameters.add(pause.route).add(pause.who).add(pause.why).add(pause.since_ms);
    auto done = connection.run("INSERT INTO waybill.pause VALUES ($1, $2, $3, $4::bigint) ON CONFLICT DO NOTHING",
                               parameters, storing);
    if (!done) return done.error();
    return done->affected() > 0;
  });
}

Result<bool> PostgresStore::resume(const std::string& route) {
  return with_connection([&](Connection& connection) -> Result<bool> {
    Parameters parameters;
    parameters.add(route);
    auto done = connection.run("DELETE FROM waybill.pause WHERE route = $1", parameters, storing);
    if (!done) return done.error();
    return done->affected() > 0;
  });
}

}  // namespace waybill::postgresql
