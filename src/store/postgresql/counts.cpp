#include <algorithm>

#include "store/postgresql/outbox_reader.hpp"
#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing = "can't count messages";
constexpr std::int64_t counted_exactly = 10'000;

/// Adds the messages of one lane that nobody has fetched yet.
Status add_unread(Connection& connection, const Position& position, std::uint32_t lane, std::uint32_t lanes,
                  std::int64_t last_drawn, store::Counts& counts) {
  Parameters parameters;
  parameters.add(position.progress.max_seq).add(counted_exactly + 1);
  auto rows = connection.run("SELECT count(*) FROM (SELECT FROM waybill.outbox o WHERE o.seq > $1::bigint" +
                                 lane_filter(lane, lanes) + " LIMIT $2::bigint) unread",
                             parameters, doing);
  if (!rows) return rows.error();
  auto unread = rows->number(0, 0);
  if (unread > counted_exactly) {
    counts.sending_is_estimate = true;
    unread = std::max(unread, (last_drawn - position.progress.max_seq) / lanes);
  }
  counts.sending += static_cast<std::uint64_t>(unread) + position.outstanding.size();
  return {};
}

/// Seconds since the oldest message of one lane's outbox that is not settled was stored; 0 when there is none.
Result<double> oldest_in_outbox(Connection& connection, const Position& position, std::uint32_t lane,
                                std::uint32_t lanes) {
  const auto filter = lane_filter(lane, lanes);
  Parameters parameters;
  parameters.add(position.progress.max_seq);
  std::string first_open = "NULL";
  if (!position.outstanding.empty()) {
    const auto seq = *std::min_element(position.outstanding.begin(), position.outstanding.end());
    first_open = "(SELECT created_at FROM " + partition_of(seq) + " WHERE seq = " + std::to_string(seq) + " LIMIT 1)";
  }
  auto rows = connection.run(
      "SELECT extract(epoch FROM clock_timestamp() - least((SELECT o.created_at FROM waybill.outbox o "
      "WHERE o.seq > $1::bigint" +
          filter + " ORDER BY o.seq LIMIT 1), " + first_open + "))::float8",
      parameters, doing);
  if (!rows) return rows.error();
  return rows->is_null(0, 0) ? 0.0 : std::strtod(rows->text(0, 0).c_str(), nullptr);
}

Status add_others(Connection& connection, store::Counts& counts) {
  auto rows = connection.run(
      "SELECT (SELECT count(*) FROM waybill.retry WHERE state = 'sending'), (SELECT count(*) FROM waybill.retry WHERE "
      "state = "
      "'failed'), (SELECT count(*) FROM waybill.parked p, unnest(p.seqs) s WHERE s <> 0), (SELECT count(*) FROM "
      "waybill.blocked_scope), coalesce(extract(epoch FROM clock_timestamp() - least((SELECT min(created_at) FROM "
      "waybill.retry WHERE state = 'sending'), (SELECT min(o.created_at) FROM waybill.parked p JOIN waybill.outbox o "
      "ON o.seq "
      "= p.first_seq AND ((o.seq >> 17) & 7) = ((p.first_seq >> 17) & 7))))::float8, 0)",
      doing);
  if (!rows) return rows.error();
  counts.sending += static_cast<std::uint64_t>(rows->number(0, 0) + rows->number(0, 2));
  counts.failed = static_cast<std::uint64_t>(rows->number(0, 1));
  counts.blocked_scopes = static_cast<std::uint64_t>(rows->number(0, 3));
  counts.oldest_sending_seconds =
      std::max(counts.oldest_sending_seconds, std::strtod(rows->text(0, 4).c_str(), nullptr));
  return {};
}

/// A prepared transaction lasts too. Those of other roles are seen by members of pg_monitor only.
Status add_oldest_transaction(Connection& connection, store::Counts& counts) {
  auto rows = connection.run(
      "SELECT coalesce(extract(epoch FROM clock_timestamp() - least((SELECT min(xact_start) FROM pg_stat_activity "
      "WHERE "
      "datname = current_database() AND pid <> pg_backend_pid()), (SELECT min(prepared) FROM pg_prepared_xacts WHERE "
      "database = current_database())))::float8, 0)",
      doing);
  if (!rows) return rows.error();
  counts.oldest_transaction_seconds = std::strtod(rows->text(0, 0).c_str(), nullptr);
  return {};
}

}  // namespace

Result<store::Counts> PostgresStore::counts() {
  return with_connection([this](Connection& connection) -> Result<store::Counts> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (auto current = require_current(facts->state, config_.name); !current) return current.error();
    auto positions = all_positions(connection, facts->lanes);
    if (!positions) return positions.error();
    auto drawn = connection.run("SELECT last_value FROM waybill.outbox_seq", doing);
    if (!drawn) return drawn.error();
    store::Counts counts;
    for (std::uint32_t lane = 0; lane < facts->lanes; ++lane) {
      const auto& position = (*positions)[lane];
      auto added = add_unread(connection, position, lane, facts->lanes, drawn->number(0, 0), counts);
      if (!added) return added.error();
      auto oldest = oldest_in_outbox(connection, position, lane, facts->lanes);
      if (!oldest) return oldest.error();
      counts.oldest_sending_seconds = std::max(counts.oldest_sending_seconds, *oldest);
    }
    if (auto added = add_others(connection, counts); !added) return added.error();
    if (auto added = add_oldest_transaction(connection, counts); !added) return added.error();
    return counts;
  });
}

}  // namespace waybill::postgresql
