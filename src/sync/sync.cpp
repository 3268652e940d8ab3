#include "sync/sync.hpp"

#include <algorithm>
#include <chrono>

#include "core/headers_json.hpp"
#include "core/text.hpp"
#include "core/validate.hpp"

namespace waybill::sync {
namespace {

using redis::EntryId;

std::vector<std::string> tables_of(const Database& database) {
  const std::string text{database.long_text()}, options{database.table_options()};
  return {
      "CREATE TABLE IF NOT EXISTS waybill_sync (name varchar(64) PRIMARY KEY, entry varchar(64) NOT NULL, "
      "applied bigint NOT NULL, turn bigint NOT NULL)" +
          options,
      "CREATE TABLE IF NOT EXISTS waybill_sync_parked (name varchar(64) NOT NULL, entry varchar(64) NOT NULL, "
      "entity " +
          text + " NOT NULL, apply " + text + " NOT NULL, fields " + text + " NOT NULL, error " + text +
          " NOT NULL, at_ms bigint NOT NULL, PRIMARY KEY (name, entry))" + options};
}

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::int64_t number(const std::optional<std::string>& text) { return text && !text->empty() ? std::stoll(*text) : 0; }

/// Whether the entry is at fault, not the database.
bool is_refusal(const Error& error) {
  return error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::refused;
}

// JSON holds text only. No statement can name a field with a colon, so `hex:NAME` stands for nothing else.
constexpr std::string_view hex_prefix = "hex:";

std::string json_of(const Fields& fields) {
  Headers texts;
  for (const auto& [name, value] : fields) {
    if (is_utf8(name) && is_utf8(value)) {
      texts[name] = value;
    } else {
      texts[std::string{hex_prefix} + (is_utf8(name) ? name : to_hex(name))] = to_hex(value);
    }
  }
  return headers_to_json(texts);
}

Result<Fields> fields_of(const std::string& json) {
  auto texts = headers_from_json(json);
  if (!texts) return texts.error();
  Fields fields;
  for (const auto& [name, value] : *texts) {
    const bool in_hex = name.starts_with(hex_prefix);
    fields.emplace_back(in_hex ? name.substr(hex_prefix.size()) : name, in_hex ? from_hex(value) : value);
  }
  return fields;
}

// Its tables are the user's own: `waybill migrate` makes none of them.
Error about_statement(const std::string& apply, const Error& error) {
  const auto code = error.code();
  if (code != ErrorCode::missing_schema && code != ErrorCode::older_schema && code != ErrorCode::not_found)
    return error;
  const auto& words = error.message();
  return {ErrorCode::invalid_configuration,
          "the statement '" + apply +
              "' needs a table or column that is not there: " + words.substr(0, words.find("; run `waybill migrate`"))};
}

// The numbers of an entry's id, so that entries sort by text as they do by id.
std::string sortable(EntryId id) {
  const auto padded = [](std::uint64_t part) {
    auto digits = std::to_string(part);
    return std::string(20 - digits.size(), '0') + digits;
  };
  return padded(id.ms) + "-" + padded(id.seq);
}

const StoreConfig& named(const Config& config, const std::string& name) { return *config.store(name); }

}  // namespace

Sync::Sync(const Config& config, const SyncConfig& sync, Log log)
    : from_(named(config, sync.from)), into_(named(config, sync.into)), sync_(sync), log_(std::move(log)) {}

Status Sync::connect() {
  if (journal_ && journal_->is_lost()) journal_.reset();
  if (!database_) {
    auto database = open_database(into_);
    if (!database) return database.error();
    database_ = std::move(*database);
    if (auto made = make_tables(); !made) return made;
    if (auto read = read_position(); !read) return read;
  }
  if (journal_) return {};
  auto journal = Journal::open(from_, sync_.journal);
  if (!journal) return journal.error();
  journal_.emplace(std::move(*journal));
  auto lost = journal_->catch_up(position_);
  if (!lost) return lost.error();
  if (*lost) {
    log_("error", "sync '" + sync_.name + "': Redis has lost entries: its journal ends at " + (*lost)->str() +
                      ", and SQL has what came up to " + position_.str() +
                      "; what Redis holds may lack those effects: compare the two (waybill sync status)");
  }
  return {};
}

Status Sync::make_tables() {
  for (const auto& table : tables_of(*database_)) {
    if (auto made = database_->run(table); !made) return made.error();
  }
  auto row = database_->run(
      "INSERT INTO waybill_sync (name, entry, applied, turn) SELECT :name, '0-0', 0, 0 WHERE NOT EXISTS (SELECT 1 FROM "
      "waybill_sync WHERE name = :name)",
      {{"name", sync_.name}});
  // Another process may have been faster.
  return row || is_refusal(row.error()) ? Status{} : Status{row.error()};
}

Status Sync::read_position() {
  auto row = database_->run("SELECT entry FROM waybill_sync WHERE name = :name", {{"name", sync_.name}});
  if (!row) return row.error();
  if (row->empty()) return Error{ErrorCode::corrupt, "waybill_sync has no row '" + sync_.name + "'"};
  position_ = EntryId::parse(row->front()[0].value_or(""));
  auto parked = database_->run("SELECT entity, entry FROM waybill_sync_parked WHERE name = :name ORDER BY entry DESC",
                               {{"name", sync_.name}});
  if (!parked) return parked.error();
  waiting_entities_.clear();
  for (const auto& one : *parked) waiting_entities_[one[0].value_or("")] = one[1].value_or("");
  waiting_entities_.erase("");
  return {};
}

const std::string* Sync::statement(const std::string& apply) const {
  const auto found =
      std::find_if(sync_.applies.begin(), sync_.applies.end(), [&](const auto& one) { return one.name == apply; });
  return found == sync_.applies.end() ? nullptr : &found->statement;
}

Status Sync::park(const JournalEntry& entry, const std::string& error) {
  auto parked = database_->run(
      "INSERT INTO waybill_sync_parked (name, entry, entity, apply, fields, error, at_ms) "
      "VALUES (:name, :entry, :entity, :apply, :fields, :error, :at)",
      {{"name", sync_.name},
       {"entry", sortable(entry.id)},
       {"entity", is_utf8(entry.entity) ? entry.entity : std::string{}},
       {"apply", is_utf8(entry.apply) ? entry.apply : std::string{"?"}},
       {"fields", json_of(entry.fields)},
       {"error", error},
       {"at", std::to_string(wall_ms())}});
  if (!parked) return parked.error();
  if (!entry.entity.empty()) waiting_entities_.try_emplace(entry.entity, sortable(entry.id));
  return {};
}

Status Sync::apply_one(const JournalEntry& entry, bool one_by_one, Step& step) {
  const auto waits = waiting_entities_.find(entry.entity);
  const auto* sql = statement(entry.apply);
  std::string refusal;
  if (waits != waiting_entities_.end()) {
    refusal = "waits behind the parked entry " + waits->second + " of its entity";
  } else if (sql == nullptr) {
    refusal = "[sync." + sync_.name + ".apply] has no statement '" + entry.apply + "'";
  } else {
    if (one_by_one) {
      if (auto saved = database_->run("SAVEPOINT waybill_entry"); !saved) return saved.error();
    }
    auto applied = database_->run(*sql, entry.fields);
    if (applied) {
      ++step.applied;
      if (!one_by_one) return {};
      auto kept = database_->run("RELEASE SAVEPOINT waybill_entry");
      return kept ? Status{} : Status{kept.error()};
    }
    if (!is_refusal(applied.error()) || !one_by_one) return about_statement(entry.apply, applied.error());
    if (auto undone = database_->run("ROLLBACK TO SAVEPOINT waybill_entry"); !undone) return undone.error();
    refusal = applied.error().message();
  }
  ++step.parked;
  log_("error", "sync '" + sync_.name + "': entry " + entry.id.str() + " is parked: " + refusal);
  return park(entry, refusal);
}

// One process at a time: the row stays locked until the transaction's end.
Status Sync::take_turn() {
  auto turn = database_->run("UPDATE waybill_sync SET turn = turn + 1 WHERE name = :name", {{"name", sync_.name}});
  return turn ? read_position() : Status{turn.error()};
}

Status Sync::lock_position() {
  const auto before = position_;
  if (auto taken = take_turn(); !taken) return taken;
  // Another process has applied them meanwhile.
  return before == position_ ? Status{} : Status{Error{ErrorCode::busy, "another sync has moved on"}};
}

Result<Sync::Step> Sync::apply(const std::vector<JournalEntry>& entries, bool one_by_one) {
  Step step;
  if (auto begun = database_->begin(); !begun) return begun.error();
  auto done = lock_position();
  for (const auto& entry : entries) {
    if (done) done = apply_one(entry, one_by_one, step);
  }
  if (done) {
    auto moved = database_->run("UPDATE waybill_sync SET entry = :entry, applied = applied + " +
                                    std::to_string(step.applied) + " WHERE name = :name",
                                {{"entry", entries.back().id.str()}, {"name", sync_.name}});
    done = moved ? Status{} : Status{moved.error()};
  }
  if (done) done = database_->commit();
  if (!done) {
    database_->rollback();
    return done.error();
  }
  position_ = entries.back().id;
  return step;
}

// Whatever went wrong, the next call begins from what the database says.
template <class Value>
Result<Value> Sync::forget_on_error(Result<Value> result) {
  if (!result) database_.reset();
  return result;
}

Result<Sync::Step> Sync::step() {
  if (auto connected = connect(); !connected) {
    database_.reset();
    return connected.error();
  }
  auto entries = journal_->after(position_, sync_.batch);
  if (!entries) return entries.error();
  if (entries->empty()) {
    // What was applied before a crash may still be there, and a journal with a limit takes nothing new while it is.
    if (auto forgotten = journal_->forget(position_); !forgotten) return forgotten.error();
    return Step{};
  }
  auto step = apply(*entries, false);
  if (!step && is_refusal(step.error())) {
    if (auto read = read_position(); !read) return forget_on_error(Result<Step>{read.error()});
    step = apply(*entries, true);
  }
  if (!step) return forget_on_error(std::move(step));
  step->more = entries->size() >= sync_.batch;
  if (auto forgotten = journal_->forget(position_); !forgotten) return forgotten.error();
  return step;
}

Result<SyncStatus> Sync::status() {
  if (auto connected = connect(); !connected) return connected.error();
  if (auto read = read_position(); !read) return forget_on_error(Result<SyncStatus>{read.error()});
  SyncStatus status;
  status.name = sync_.name;
  auto counted = database_->run(
      "SELECT applied, (SELECT COUNT(*) FROM waybill_sync_parked WHERE name = :name) FROM waybill_sync "
      "WHERE name = :name",
      {{"name", sync_.name}});
  if (!counted) return forget_on_error(Result<SyncStatus>{counted.error()});
  status.applied = static_cast<std::uint64_t>(number(counted->front()[0]));
  status.parked = static_cast<std::uint64_t>(number(counted->front()[1]));
  auto backlog = journal_->backlog(position_);
  if (!backlog) return backlog.error();
  status.waiting = backlog->waiting;
  status.lag_ms = backlog->lag_ms;
  if (status.waiting > 0) return status;
  for (const auto& compare : sync_.compares) {
    auto in_redis = journal_->read(compare.command);
    if (!in_redis) return in_redis.error();
    auto in_sql = database_->run(compare.statement);
    if (!in_sql) return forget_on_error(Result<SyncStatus>{in_sql.error()});
    const auto wanted = in_sql->empty() ? std::optional<std::string>{} : in_sql->front().front();
    if (*in_redis != wanted) {
      status.mismatches.push_back({compare.command, in_redis->value_or("(nothing)"), wanted.value_or("(nothing)")});
    }
  }
  return status;
}

Result<std::vector<Parked>> Sync::parked() {
  if (auto connected = connect(); !connected) return connected.error();
  auto rows = database_->run(
      "SELECT entry, entity, apply, fields, error, at_ms FROM waybill_sync_parked WHERE name = :name ORDER BY entry",
      {{"name", sync_.name}});
  if (!rows) return forget_on_error(Result<std::vector<Parked>>{rows.error()});
  std::vector<Parked> all;
  for (const auto& row : *rows) {
    all.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or(""), row[3].value_or(""),
                   row[4].value_or(""), number(row[5])});
  }
  return all;
}

// One transaction each: what is refused again stays where it is, and those behind it in its entity with it.
Result<std::uint64_t> Sync::retry(const std::string& entry) {
  auto all = parked();
  if (!all) return all.error();
  std::uint64_t done = 0;
  std::vector<std::string> still;
  for (const auto& one : *all) {
    const bool waits = !one.entity.empty() && std::find(still.begin(), still.end(), one.entity) != still.end();
    const auto* sql = statement(one.apply);
    const auto fields = fields_of(one.fields);
    if (waits || sql == nullptr || !fields || (!entry.empty() && one.entry != entry)) {
      still.push_back(one.entity);
      continue;
    }
    if (auto begun = database_->begin(); !begun) return forget_on_error(Result<std::uint64_t>{begun.error()});
    auto status = take_turn();
    if (status) {
      auto applied = database_->run(*sql, *fields);
      status = applied ? Status{} : Status{applied.error()};
    }
    if (status) {
      auto removed = database_->run("DELETE FROM waybill_sync_parked WHERE name = :name AND entry = :entry",
                                    {{"name", sync_.name}, {"entry", one.entry}});
      status = removed ? database_->commit() : Status{removed.error()};
    }
    if (status) {
      ++done;
      continue;
    }
    database_->rollback();
    if (!is_refusal(status.error())) return forget_on_error(Result<std::uint64_t>{status.error()});
    log_("error", "entry " + one.entry + " is refused again: " + status.error().message());
    still.push_back(one.entity);
  }
  return done;
}

Result<std::uint64_t> Sync::drop(const std::string& entry) {
  if (auto connected = connect(); !connected) return connected.error();
  auto before = parked();
  if (!before) return before.error();
  auto removed =
      database_->run("DELETE FROM waybill_sync_parked WHERE name = :name AND (entry = :entry OR :entry = '')",
                     {{"name", sync_.name}, {"entry", entry}});
  if (!removed) return forget_on_error(Result<std::uint64_t>{removed.error()});
  auto after = parked();
  if (!after) return after.error();
  return static_cast<std::uint64_t>(before->size() - after->size());
}

}  // namespace waybill::sync
