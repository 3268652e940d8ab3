#include <algorithm>

#include "core/headers_json.hpp"
#include "core/text.hpp"
#include "store/postgresql/outbox_reader.hpp"
#include "store/postgresql/troubled.hpp"

namespace waybill::postgresql {
namespace {

using store::Whereabouts;

constexpr auto doing = "can't look for the message";

Status add_history(Connection& connection, const MessageId& id, Whereabouts& found) {
  Parameters parameters;
  parameters.add(id.str());
  auto rows = connection.run(
      "SELECT (extract(epoch FROM at) * 1000)::bigint, attempt, outcome, answer, endpoint, relay FROM "
      "waybill.attempt WHERE id = $1 ORDER BY n",
      parameters, doing);
  if (!rows) return rows.error();
  for (int i = 0; i < rows->count(); ++i) {
    found.history.push_back({rows->number(i, 0), static_cast<std::uint32_t>(rows->number(i, 1)), rows->text(i, 2),
                             rows->text(i, 3), rows->text(i, 4), rows->text(i, 5)});
  }
  return {};
}

Status add_retry(Connection& connection, const MessageId& id, const std::vector<Position>& positions,
                 Whereabouts& found) {
  Parameters parameters;
  parameters.add(id.str());
  auto rows = connection.run(std::string{"SELECT "} + troubled_columns +
                                 " FROM waybill.retry r WHERE r.id = $1 ORDER BY "
                                 "r.state = 'dropped', r.seq DESC LIMIT 1",
                             parameters, doing);
  if (!rows) return rows.error();
  if (rows->empty()) return {};
  found.place = Whereabouts::Place::retry;
  found.troubled = troubled_of(*rows, 0, positions);
  found.lane = found.troubled->lane;
  return {};
}

store::Troubled outbox_row(const Rows& rows, int row) {
  store::Troubled message;
  message.ticket = {static_cast<std::uint64_t>(rows.number(row, 0))};
  message.state = "sending";
  message.message.id = MessageId{rows.text(row, 2)};
  message.message.topic = Topic{rows.text(row, 3)};
  if (!rows.is_null(row, 4)) message.message.key.emplace(rows.text(row, 4));
  if (auto headers = headers_from_json(rows.bytes(row, 5))) message.message.headers = *std::move(headers);
  if (!rows.is_null(row, 6)) message.message.content_type = rows.text(row, 6);
  message.stored_at_ms = rows.number(row, 7);
  message.lane = static_cast<std::uint32_t>(rows.number(row, 8));
  return message;
}

/// Only of the row that is shown: settled ones with the same id may be as long.
Status add_payload(Connection& connection, store::Troubled& message) {
  const auto seq = static_cast<Seq>(message.ticket.value);
  Parameters parameters;
  parameters.add(seq);
  auto rows = connection.run("SELECT encode(payload, 'hex') FROM " + partition_of(seq) + " WHERE seq = $1::bigint",
                             parameters, doing);
  if (!rows) return rows.error();
  if (!rows->empty()) message.message.payload = from_hex(rows->bytes(0, 0));
  return {};
}

/// The scope that a message of the outbox waits behind, and the message that blocks it.
Status add_scope(Connection& connection, Seq seq, Whereabouts& found) {
  Parameters parameters;
  parameters.add(seq);
  auto rows = connection.run(
      "SELECT p.route, p.key, (SELECT r.id FROM waybill.retry r WHERE r.lane = p.lane AND r.blocks AND r.state <> "
      "'dropped' AND "
      "r.route = p.route AND (p.key IS NULL OR r.key = p.key) LIMIT 1) FROM waybill.parked p WHERE p.first_seq <= "
      "$1::bigint AND "
      "p.last_seq >= $1::bigint AND $1::bigint = ANY(p.seqs) LIMIT 1",
      parameters, doing);
  if (!rows) return rows.error();
  if (rows->empty()) return {};
  found.blocked_by = store::Scope{rows->text(0, 0), rows->optional_text(0, 1)};
  found.blocking_id = rows->text(0, 2);
  return {};
}

/// Settled messages stay in the outbox until their partition is freed; they are gone all the same.
Status add_outbox(Connection& connection, const MessageId& id, const std::vector<Position>& positions,
                  Whereabouts& found) {
  const auto lanes = std::to_string(positions.size());
  Parameters parameters;
  parameters.add(id.str());
  auto rows = connection.run("SELECT o.seq, o.xid::text, " WAYBILL_BOUNDED_NAMES
                             ", CASE WHEN octet_length(o.headers::text) <= 1048576 THEN o.headers::text END, "
                             "CASE WHEN octet_length(o.content_type) <= 255 THEN o.content_type END, (extract(epoch "
                             "FROM o.created_at) * 1000)::bigint, CASE WHEN o.key IS NULL THEN o.seq % " +
                                 lanes + " ELSE (hashtextextended(o.key, 0) & 9223372036854775807) % " + lanes +
                                 " END FROM waybill.outbox o WHERE o.id = $1 "
                                 "ORDER BY o.seq DESC LIMIT 16",
                             parameters, doing);
  if (!rows) return rows.error();
  for (int i = 0; i < rows->count(); ++i) {
    auto message = outbox_row(*rows, i);
    const auto seq = static_cast<Seq>(message.ticket.value);
    const auto& position = positions[message.lane];
    const auto& open = position.outstanding;
    found.lane = message.lane;
    found.claimed = std::find(open.begin(), open.end(), seq) != open.end();
    if (auto scope = add_scope(connection, seq, found); !scope) return scope;
    const bool read = position.progress.has_read(static_cast<Xid>(rows->number(i, 1)), seq);
    if (read && !found.claimed && !found.blocked_by) continue;
    if (auto payload = add_payload(connection, message); !payload) return payload;
    found.place = Whereabouts::Place::outbox;
    found.troubled = std::move(message);
    return {};
  }
  return {};
}

}  // namespace

Result<Whereabouts> PostgresStore::locate(const MessageId& id) {
  return with_connection([&](Connection& connection) -> Result<Whereabouts> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (auto current = require_current(facts->state, config_.name); !current) return current.error();
    auto positions = all_positions(connection, facts->lanes);
    if (!positions) return positions.error();
    Whereabouts found;
    if (auto done = add_history(connection, id, found); !done) return done.error();
    if (auto done = add_retry(connection, id, *positions, found); !done) return done.error();
    if (found.place == Whereabouts::Place::gone) {
      // The outbox has no index on the id: an insert must stay cheap, and this is a person's question.
      const auto limit = connection.time_limit();
      connection.set_time_limit(std::chrono::minutes{2});
      auto done = add_outbox(connection, id, *positions, found);
      connection.set_time_limit(limit);
      if (!done) return done.error();
    }
    auto holders = lane_holders(connection, facts->lanes);
    if (!holders) return holders.error();
    if (found.lane < holders->size()) found.holder = (*holders)[found.lane].holder;
    return found;
  });
}

}  // namespace waybill::postgresql
