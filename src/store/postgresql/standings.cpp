// How very many messages stand, for the audit.

#include <algorithm>
#include <unordered_map>

#include "store/postgresql/outbox_reader.hpp"
#include "store/postgresql/troubled.hpp"

namespace waybill::postgresql {
namespace {

using store::Standing;
using Standings = std::unordered_map<std::string, Standing>;

constexpr auto doing = "can't look for messages";

Status add_retry(Connection& connection, const std::string& ids, Standings& found) {
  Parameters parameters;
  parameters.add(ids);
  auto rows = connection.run("SELECT id, state FROM waybill.retry WHERE id = ANY($1::text[])", parameters, doing);
  if (!rows) return rows.error();
  for (int i = 0; i < rows->count(); ++i) {
    const auto state = rows->text(i, 1);
    found[rows->text(i, 0)] = state == "failed"    ? Standing::failed
                              : state == "dropped" ? Standing::dropped
                                                   : Standing::sending;
  }
  return {};
}

/// Settled messages stay in the outbox until their partition is freed: these are gone all the same.
Status add_outbox(Connection& connection, const std::string& ids, const std::vector<Position>& positions,
                  Standings& found) {
  const auto lanes = std::to_string(positions.size());
  Parameters parameters;
  parameters.add(ids);
  auto rows = connection.run(
      "SELECT o.id, o.seq, o.xid::text, CASE WHEN o.key IS NULL THEN o.seq % " + lanes +
          " ELSE (hashtextextended(o.key, 0) & 9223372036854775807) % " + lanes +
          " END, EXISTS (SELECT FROM waybill.parked p WHERE p.first_seq <= o.seq AND p.last_seq >= o.seq AND "
          "o.seq = ANY(p.seqs)) FROM waybill.outbox o WHERE o.id = ANY($1::text[])",
      parameters, doing);
  if (!rows) return rows.error();
  for (int i = 0; i < rows->count(); ++i) {
    const auto seq = static_cast<Seq>(rows->number(i, 1));
    const auto& position = positions[static_cast<std::size_t>(rows->number(i, 3))];
    const auto& open = position.outstanding;
    const bool waits = !position.progress.has_read(static_cast<Xid>(rows->number(i, 2)), seq) || rows->flag(i, 4) ||
                       std::find(open.begin(), open.end(), seq) != open.end();
    if (waits) found[rows->text(i, 0)] = Standing::sending;
  }
  return {};
}

}  // namespace

Result<std::vector<Standing>> PostgresStore::standings(std::span<const MessageId> ids) {
  return with_connection([&](Connection& connection) -> Result<std::vector<Standing>> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (auto current = require_current(facts->state, config_.name); !current) return current.error();
    auto positions = all_positions(connection, facts->lanes);
    if (!positions) return positions.error();
    std::vector<std::string> names;
    for (const auto& id : ids) names.push_back(id.str());
    const auto wanted = array_literal(names);
    Standings found;
    // The outbox has no index on the id: an insert must stay cheap, and this is a person's question.
    const auto limit = connection.time_limit();
    connection.set_time_limit(std::chrono::minutes{2});
    auto done = add_outbox(connection, wanted, *positions, found);
    connection.set_time_limit(limit);
    // After the outbox: what moves from there to here meanwhile is then seen in one of the two at least.
    if (done) done = add_retry(connection, wanted, found);
    if (!done) return done.error();
    std::vector<Standing> standings;
    for (const auto& id : ids) {
      const auto one = found.find(id.str());
      standings.push_back(one == found.end() ? Standing::gone : one->second);
    }
    return standings;
  });
}

}  // namespace waybill::postgresql
