#include "inbox/postgresql/inspection.hpp"

#include <cstdlib>
#include <utility>

#include "core/glob.hpp"
#include "inbox/postgresql/query.hpp"
#include "store/postgresql/sqlstate.hpp"
#include "waybill/inbox_postgresql.h"

namespace waybill::inbox::postgresql {
namespace {

constexpr std::string_view doing = "can't read the inbox";

// Above that many marks they are counted in a sample of about 100,000.
constexpr std::int64_t count_up_to = 1'000'000;

constexpr const char* how_many =
    "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = "
    "i.inhrelid "
    "WHERE i.inhparent = 'waybill.inbox'::regclass";
constexpr const char* all_consumers =
    "SELECT n.consumer, round(coalesce(m.marks, 0) * 100 / $1::float8)::bigint, m.oldest, "
    "(extract(epoch FROM b.before) * 1000)::bigint, "
    "(SELECT count(*) FROM waybill.inbox_conflict c WHERE c.consumer = n.consumer) "
    "FROM (SELECT consumer FROM waybill.inbox TABLESAMPLE SYSTEM ($1::float4) "
    "UNION SELECT consumer FROM waybill.inbox_bound UNION SELECT consumer FROM waybill.inbox_conflict) n "
    "LEFT JOIN (SELECT consumer, count(*) AS marks, (extract(epoch FROM min(marked_at)) * 1000)::bigint AS oldest "
    "FROM waybill.inbox TABLESAMPLE SYSTEM ($1::float4) GROUP BY consumer) m USING (consumer) "
    "LEFT JOIN waybill.inbox_bound b USING (consumer) ORDER BY n.consumer";
constexpr const char* page_of_conflicts =
    "SELECT seq, consumer, unique_id, fingerprint, kept_digest, coalesce(kept_message_id, ''), "
    "(extract(epoch FROM kept_at) * 1000)::bigint, digest, coalesce(message_id, ''), "
    "(extract(epoch FROM found_at) * 1000)::bigint "
    "FROM waybill.inbox_conflict WHERE consumer ~ $1 AND seq > $2 ORDER BY seq LIMIT $3";
constexpr const char* marks =
    "SELECT coalesce(message_id, ''), unique_id, fingerprint, (extract(epoch FROM marked_at) * 1000)::bigint "
    "FROM waybill.inbox WHERE consumer ~ $1 AND marked_at >= to_timestamp($2::bigint / 1000.0)";

std::int64_t number(const Rows& rows, int row, int column) {
  return std::strtoll(PQgetvalue(rows.get(), row, column), nullptr, 10);
}

std::uint64_t count(const Rows& rows, int row, int column) {
  return static_cast<std::uint64_t>(number(rows, row, column));
}

std::optional<std::int64_t> optional_number(const Rows& rows, int row, int column) {
  if (PQgetisnull(rows.get(), row, column) != 0) return std::nullopt;
  return number(rows, row, column);
}

Conflict conflict_of(const Rows& rows, int row) {
  Conflict conflict;
  conflict.seq = count(rows, row, 0);
  conflict.consumer = text(rows, row, 1);
  conflict.unique_id = text(rows, row, 2);
  conflict.fingerprint = text(rows, row, 3);
  conflict.kept_digest = text(rows, row, 4);
  conflict.kept_message_id = text(rows, row, 5);
  conflict.kept_ms = number(rows, row, 6);
  conflict.digest = text(rows, row, 7);
  conflict.message_id = text(rows, row, 8);
  conflict.found_ms = number(rows, row, 9);
  return conflict;
}

class PostgresqlInspection final : public Inspection {
 public:
  explicit PostgresqlInspection(StoreConfig store) : store_(std::move(store)) {}

  Result<std::vector<ConsumerMarks>> consumers() override {
    if (auto open = connect(); !open) return std::move(open).error();
    auto total = query(connection_.get(), how_many, {}, doing);
    if (!total) return std::move(total).error();
    const auto expected = number(*total, 0, 0);
    const bool sampled = expected > count_up_to;
    const double percent = sampled ? 100.0 * 100'000.0 / static_cast<double>(expected) : 100.0;
    auto rows = query(connection_.get(), all_consumers, {std::to_string(percent)}, doing);
    if (!rows) return std::move(rows).error();
    std::vector<ConsumerMarks> found;
    for (int row = 0; row < PQntuples(rows->get()); ++row) {
      found.push_back({text(*rows, row, 0), count(*rows, row, 1), sampled, optional_number(*rows, row, 2),
                       optional_number(*rows, row, 3), count(*rows, row, 4)});
    }
    return found;
  }

  Result<std::vector<Conflict>> conflicts(const ConflictFilter& filter) override {
    if (auto open = connect(); !open) return std::move(open).error();
    auto rows =
        query(connection_.get(), page_of_conflicts,
              {glob_to_regex(filter.consumer), std::to_string(filter.after), std::to_string(filter.limit)}, doing);
    if (!rows) return std::move(rows).error();
    std::vector<Conflict> found;
    for (int row = 0; row < PQntuples(rows->get()); ++row) found.push_back(conflict_of(*rows, row));
    return found;
  }

  Result<std::uint64_t> consumed(const std::string& consumer_glob, std::int64_t since_ms,
                                 const std::function<bool(const Consumed&)>& each) override {
    if (auto open = connect(); !open) return std::move(open).error();
    const auto pattern = glob_to_regex(consumer_glob);
    const auto since = std::to_string(since_ms);
    const char* values[] = {pattern.c_str(), since.c_str()};
    if (PQsendQueryParams(connection_.get(), marks, 2, nullptr, values, nullptr, nullptr, 0) == 0 ||
        PQsetSingleRowMode(connection_.get()) == 0) {
      return waybill::postgresql::statement_error(connection_.get(), nullptr, doing);
    }
    return stream(each);
  }

  Result<std::uint64_t> purge(const std::string& consumer_glob, std::int64_t retention_seconds,
                              const std::function<bool(std::uint64_t gone)>& progress) override {
    if (auto open = connect(); !open) return std::move(open).error();
    auto gone = waybill::postgresql::purge(connection_.get(), consumer_glob, retention_seconds);
    if (gone && progress) progress(*gone);
    return gone;
  }

 private:
  struct Finisher {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };

  Result<std::uint64_t> stream(const std::function<bool(const Consumed&)>& each) {
    std::uint64_t count = 0;
    while (Rows rows{PQgetResult(connection_.get())}) {
      const auto status = PQresultStatus(rows.get());
      if (status == PGRES_TUPLES_OK) continue;
      if (status != PGRES_SINGLE_TUPLE) {
        auto error = waybill::postgresql::statement_error(connection_.get(), rows.get(), doing);
        connection_.reset();
        return error;
      }
      ++count;
      if (!each({text(rows, 0, 0), text(rows, 0, 1), text(rows, 0, 2), number(rows, 0, 3)})) {
        connection_.reset();  // the rest is not wanted; closing is the one way not to read it
        return count;
      }
    }
    return count;
  }

  Status connect() {
    if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) return {};
    const char* keys[] = {"dbname", "connect_timeout", "application_name", "tcp_user_timeout", nullptr};
    const char* values[] = {store_.url.reveal().c_str(), "5", "waybill inbox", "15000", nullptr};
    connection_.reset(PQconnectdbParams(keys, values, 1));
    if (PQstatus(connection_.get()) == CONNECTION_OK) return {};
    auto error = waybill::postgresql::connect_error(connection_.get(), "store '" + store_.name + "'");
    connection_.reset();
    return error;
  }

  StoreConfig store_;
  std::unique_ptr<PGconn, Finisher> connection_;
};

}  // namespace

Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store) {
  return std::unique_ptr<Inspection>(std::make_unique<PostgresqlInspection>(store));
}

}  // namespace waybill::inbox::postgresql
