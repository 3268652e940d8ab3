#include "embedded/postgresql_schema.hpp"
#include "embedded/postgresql_upgrades.hpp"
#include "store/postgresql/advisory.hpp"
#include "store/postgresql/preflight.hpp"
#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

using store::SchemaState;

constexpr int version = 3;
constexpr auto doing = "can't make Waybill's tables";

std::string schema_text(std::uint32_t lanes) {
  constexpr std::string_view mark = "@LANES@";
  std::string text{embedded::postgresql_schema};
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
    text.replace(at, mark.size(), std::to_string(lanes));
  }
  return text;
}

/// What makes the tables those of this version. The files that came later may run again, so every older version needs
/// all of them.
std::string migration_text(SchemaState state, std::uint32_t lanes) {
  return state == SchemaState::older ? std::string{embedded::postgresql_upgrades} : schema_text(lanes);
}

bool can_migrate(SchemaState state) { return state == SchemaState::missing || state == SchemaState::older; }

}  // namespace

Result<SchemaFacts> schema_facts(Connection& connection) {
  auto table = connection.run("SELECT to_regclass('waybill.meta') IS NOT NULL", "can't look for Waybill's tables");
  if (!table) return table.error();
  if (!table->flag(0, 0)) return SchemaFacts{};
  auto rows = connection.run("SELECT name, value FROM waybill.meta", "can't read waybill.meta");
  if (!rows) return rows.error();
  SchemaFacts facts;
  std::int64_t found = 0;
  for (int i = 0; i < rows->count(); ++i) {
    const auto name = rows->bytes(i, 0);
    if (name == "schema_version") found = rows->number(i, 1);
    if (name == "lanes") facts.lanes = static_cast<std::uint32_t>(rows->number(i, 1));
    if (name == "cluster") facts.cluster = rows->text(i, 1);
  }
  facts.state = found == version ? SchemaState::current : found > version ? SchemaState::newer : SchemaState::older;
  return facts;
}

Status require_current(SchemaState state, const std::string& store) {
  const auto where = "store '" + store + "': ";
  switch (state) {
    case SchemaState::current:
      return {};
    case SchemaState::missing:
      return Error{ErrorCode::missing_schema, where + "Waybill's tables are missing; run `waybill migrate`"};
    case SchemaState::older:
      return Error{ErrorCode::older_schema, where + "the tables are of an older Waybill; run `waybill migrate`"};
    case SchemaState::newer:
      return Error{ErrorCode::newer_schema, where + "the tables are of a newer Waybill; upgrade this program"};
  }
  return {};
}

Result<SchemaState> PostgresStore::schema() {
  return with_connection([](Connection& connection) -> Result<SchemaState> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    return facts->state;
  });
}

Result<std::uint32_t> PostgresStore::lanes() {
  return with_connection([this](Connection& connection) -> Result<std::uint32_t> {
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (auto current = require_current(facts->state, config_.name); !current) return current.error();
    return facts->lanes;
  });
}

Result<std::string> PostgresStore::migration() {
  auto state = schema();
  if (!state) return state.error();
  if (*state == SchemaState::current) return std::string{};
  if (!can_migrate(*state)) return require_current(*state, config_.name).error();
  return migration_text(*state, config_.lanes);
}

Status PostgresStore::migrate() {
  return with_connection([this](Connection& connection) -> Status {
    if (auto fit = check_server(connection, config_.name); !fit) return fit;
    auto transaction = Transaction::begin(connection, doing);
    if (!transaction) return transaction.error();
    const auto lock =
        "SELECT pg_advisory_xact_lock(" + std::to_string(advisory_class) + ", " + std::to_string(migrate_lock) + ")";
    if (auto alone = connection.run(lock, doing); !alone) return alone.error();
    auto facts = schema_facts(connection);
    if (!facts) return facts.error();
    if (facts->state == SchemaState::current) return {};
    if (!can_migrate(facts->state)) return require_current(facts->state, config_.name);
    if (auto made = connection.run(migration_text(facts->state, config_.lanes), doing); !made) return made.error();
    return transaction->commit(doing);
  });
}

}  // namespace waybill::postgresql
