#include "store/sqlite/lane.hpp"

#include <poll.h>

#include <algorithm>

#include "store/sqlite/location.hpp"
#include "store/sqlite/message_row.hpp"
#include "store/sqlite/schema_version.hpp"
#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

// How long settling waits for a service's transaction; longer ones make the relay start anew, which loses nothing.
constexpr Duration busy_limit = std::chrono::seconds{10};
constexpr Duration proof_interval = std::chrono::seconds{2};

constexpr std::string_view taking = "can't take the lane";

Status require_log(Connection& connection, const std::string& path) {
  auto mode = connection.ask("PRAGMA journal_mode=WAL", taking);
  if (!mode) return mode.error();
  if (*mode == "wal") return {};
  return Error{ErrorCode::refused, path + " has journal_mode=" + *mode + "; the relay needs WAL"};
}

// Short while messages come, so that they leave at once; longer when they don't, so that waiting costs nothing.
Duration nap_after(Duration quiet) {
  using std::chrono::microseconds;
  using std::chrono::milliseconds;
  if (quiet < milliseconds{200}) return microseconds{500};
  if (quiet < std::chrono::seconds{1}) return milliseconds{2};
  return quiet < std::chrono::seconds{5} ? milliseconds{5} : milliseconds{10};
}

/// True when `interrupt` (negative: none) became readable before the time was over.
bool interrupted_within(int interrupt, Duration wait) {
  pollfd descriptor{interrupt, POLLIN, 0};
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count();
  const timespec limit{static_cast<time_t>(nanoseconds / 1'000'000'000),
                       static_cast<long>(nanoseconds % 1'000'000'000)};
  return ppoll(&descriptor, interrupt < 0 ? 0 : 1, &limit, nullptr) > 0;
}

}  // namespace

SqliteLane::SqliteLane(Connection connection, Ownership ownership, std::string path, std::string holder,
                       std::uint64_t max_payload)
    : ownership_(std::move(ownership)),
      connection_(std::move(connection)),
      path_(std::move(path)),
      holder_(std::move(holder)),
      max_payload_(max_payload) {}

Result<std::unique_ptr<store::Lane>> SqliteLane::open(const std::string& path, const std::string& holder,
                                                      std::uint64_t max_payload) {
  if (const auto network = network_file_system(path)) {
    return Error{ErrorCode::refused, path + " is on " + *network + "; SQLite needs a local file system"};
  }
  auto connection = Connection::open(path, Connection::Mode::existing, busy_limit);
  if (!connection) return connection.error();
  if (auto current = require_current_schema(*connection, path); !current) return current.error();
  if (auto log = require_log(*connection, path); !log) return log.error();
  auto ownership = Ownership::take(path);
  if (!ownership) {
    if (ownership.error().code() != ErrorCode::busy) return ownership.error();
    auto other = connection->ask("SELECT holder FROM waybill_lane", taking);
    return Error{ErrorCode::busy, ownership.error().message() + (other ? ": " + *other : "")};
  }
  std::unique_ptr<SqliteLane> lane{
      new SqliteLane(std::move(*connection), std::move(*ownership), path, holder, max_payload)};
  if (auto taken = lane->take(); !taken) return taken.error();
  return std::unique_ptr<store::Lane>{std::move(lane)};
}

Status SqliteLane::take() {
  auto transaction = Transaction::begin(connection_, taking);
  if (!transaction) return transaction.error();
  auto row = connection_.prepare(
      "SELECT fence, clock_ms, claimed, clean, suspect, suspect_fence, blamed, kills, "
      "(SELECT ifnull(max(seq), 0) FROM waybill_parked) FROM waybill_lane WHERE lane = 0",
      taking);
  if (!row) return row.error();
  auto there = row->step(taking);
  if (!there) return there.error();
  if (!*there) return Error{ErrorCode::corrupt, "waybill_lane in " + path_ + " has no row; run `waybill migrate`"};
  if (auto remembered = remember_previous_owner(*row); !remembered) return remembered;
  if (auto caught_up = catch_up(); !caught_up) return caught_up;
  if (auto read = read_scopes(); !read) return read;
  if (auto committed = transaction->commit(taking); !committed) return committed;
  last_news_ = last_proof_ = std::chrono::steady_clock::now();
  return {};
}

Status SqliteLane::remember_previous_owner(Statement& row) {
  const auto previous_fence = row.number(0);
  state_.clock = LaneTime{row.number(1)};
  claimed_ = formerly_claimed_ = row.number(2);
  state_.unclean = row.number(3) == 0;
  state_.wall = wall_clock();
  parked_until_ = row.number(8);
  fence_ = previous_fence + 1;
  std::int64_t kills = 0;
  const bool has_suspect = !row.is_null(4);
  const auto suspect = row.number(4);
  if (has_suspect) {
    const bool again = !row.is_null(6) && row.number(6) == suspect;
    kills = again ? row.number(7) : 0;
    // An owner that died before it marked anything is no proof against the message that stood there already.
    if (row.number(5) == previous_fence) ++kills;
    state_.suspect = store::Ticket{static_cast<std::uint64_t>(suspect)};
  }
  state_.suspect_kills = static_cast<std::uint32_t>(kills);
  row.reset();

  auto update = connection_.prepare(
      "UPDATE waybill_lane SET fence = ?1, holder = ?2, clean = 0, blamed = suspect, kills = ?3 WHERE lane = 0",
      taking);
  if (!update) return update.error();
  return update->bind(1, fence_).bind(2, std::string_view{holder_}).bind(3, kills).run(taking);
}

// The lane's clock stood still while nobody held it.
Status SqliteLane::catch_up() {
  auto update = connection_.prepare(
      "UPDATE waybill_retry SET due_ms = ?1 WHERE state = 'sending' AND due_ms > ?1 AND reason = 'delayed' "
      "AND " WAYBILL_NOT_BEFORE_MS " <= ?2",
      taking);
  if (!update) return update.error();
  return update->bind(1, state_.clock.ms).bind(2, state_.wall.unix_ms).run(taking);
}

Status SqliteLane::read_scopes() {
  auto rows = connection_.prepare("SELECT route, key, after FROM waybill_blocked_scope", taking);
  if (!rows) return rows.error();
  while (true) {
    auto row = rows->step(taking);
    if (!row) return row.error();
    if (!*row) return {};
    store::Scope scope{rows->text(0), rows->optional_text(1)};
    state_.blocked.push_back(scope);
    scopes_.emplace(std::move(scope), rows->number(2));
  }
}

Status SqliteLane::require_owner() const {
  if (connection_.changes() == 1) return {};
  return lost();
}

Error SqliteLane::lost() const { return {ErrorCode::lost_lane, "another relay has taken lane 0 of " + path_}; }

Error SqliteLane::give_up(Error error) {
  broken_ = true;
  return error;
}

Status SqliteLane::prove_ownership() {
  const MonoTime now = std::chrono::steady_clock::now();
  if (broken_) return lost();
  if (now - last_proof_ < proof_interval) return {};
  auto fence = connection_.ask("SELECT fence FROM waybill_lane", "can't read waybill_lane");
  if (!fence) return give_up(fence.error());
  if (*fence != std::to_string(fence_)) return give_up(lost());
  last_proof_ = now;
  return {};
}

Result<std::int64_t> SqliteLane::data_version() {
  constexpr std::string_view doing = "can't look for new messages";
  auto statement = connection_.cached("PRAGMA data_version", doing);
  if (!statement) return statement.error();
  auto row = (*statement)->step(doing);
  if (!row) return row.error();
  const auto version = (*statement)->number(0);
  (*statement)->reset();
  return version;
}

Result<bool> SqliteLane::await(Deadline deadline, int interrupt) {
  while (true) {
    if (auto owner = prove_ownership(); !owner) return owner.error();
    // It changes when another connection has committed, and costs a glance at shared memory.
    auto version = data_version();
    if (!version) return give_up(version.error());
    const MonoTime now = std::chrono::steady_clock::now();
    if (*version != seen_version_) {
      seen_version_ = *version;
      last_news_ = now;
      return true;
    }
    if (deadline.passed()) return false;
    const auto nap = std::min(Duration{deadline.at() - now}, nap_after(now - last_news_));
    if (interrupted_within(interrupt, std::max(nap, Duration::zero()))) return false;
  }
}

Status SqliteLane::mark_suspect(store::Ticket ticket) {
  constexpr std::string_view doing = "can't mark a suspect";
  if (broken_) return lost();
  auto update = connection_.cached(
      "UPDATE waybill_lane SET suspect = ?1, suspect_fence = ?2 WHERE lane = 0 AND fence = ?2", doing);
  if (!update) return give_up(update.error());
  (*update)->bind(1, static_cast<std::int64_t>(ticket.value)).bind(2, fence_);
  if (auto marked = (*update)->run(doing); !marked) return give_up(marked.error());
  if (auto owner = require_owner(); !owner) return give_up(owner.error());
  return {};
}

}  // namespace waybill::sqlite
