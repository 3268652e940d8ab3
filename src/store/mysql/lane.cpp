#include "store/mysql/lane.hpp"

#include <poll.h>

#include <algorithm>

#include "store/mysql/schema_version.hpp"

namespace waybill::mysql {
namespace {

constexpr Duration proof_interval = std::chrono::seconds{2};
// The lane asks the store every few seconds. An owner that is not heard for so long is gone, and the server frees its
// lock.
constexpr std::chrono::seconds vanished_owner{12};
// The list of missing numbers can be long: it is not asked for each millisecond.
constexpr Duration between_looks_behind = std::chrono::milliseconds{20};
constexpr std::string_view taking = "can't take the lane";
constexpr std::string_view looking = "can't look for new messages";

// There is no notice of a commit that would cost its service nothing, so the lane asks: often while messages come,
// rarely when they don't.
Duration nap_after(Duration quiet) {
  using std::chrono::milliseconds;
  if (quiet < milliseconds{200}) return milliseconds{1};
  if (quiet < std::chrono::seconds{1}) return milliseconds{5};
  return quiet < std::chrono::seconds{5} ? milliseconds{20} : milliseconds{50};
}

/// True when `interrupt` (negative: none) became readable before the time was over.
bool interrupted_within(int interrupt, Duration wait) {
  pollfd descriptor{interrupt, POLLIN, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return poll(&descriptor, interrupt < 0 ? 0 : 1, static_cast<int>(milliseconds)) > 0;
}

}  // namespace

MysqlLane::MysqlLane(Connection connection, const StoreConfig& store, std::string holder)
    : connection_(std::move(connection)),
      store_(store.name),
      holder_(std::move(holder)),
      max_payload_(store.max_payload) {}

Result<std::unique_ptr<store::Lane>> MysqlLane::open(const StoreConfig& store, const std::string& holder) {
  auto connection = Connection::open(store, vanished_owner);
  if (!connection) return connection.error();
  if (auto current = require_current_schema(*connection, store.name); !current) return current.error();
  auto owned = connection->query("SELECT GET_LOCK(" WAYBILL_MYSQL_LANE_LOCK ", 0)", {}, taking);
  if (!owned) return owned.error();
  if (owned->number(0, 0) != 1) {
    auto other = connection->query("SELECT holder FROM waybill_lane WHERE lane = 0", {}, taking);
    return Error{ErrorCode::busy, "lane 0 of store '" + store.name + "' is held by " +
                                      (other && !other->empty() ? other->text(0, 0) : "another relay")};
  }
  std::unique_ptr<MysqlLane> lane{new MysqlLane(std::move(*connection), store, holder)};
  if (auto taken = lane->take(); !taken) return taken.error();
  return std::unique_ptr<store::Lane>{std::move(lane)};
}

Status MysqlLane::take() {
  auto transaction = Transaction::begin(connection_, taking);
  if (!transaction) return transaction.error();
  if (auto remembered = remember_previous_owner(); !remembered) return remembered;
  if (auto caught_up = catch_up(); !caught_up) return caught_up;
  if (auto read = read_scopes(); !read) return read;
  auto parked = connection_.query("SELECT IFNULL(MAX(seq), 0) FROM waybill_parked", {}, taking);
  if (!parked) return parked.error();
  parked_until_ = parked->number(0, 0);
  if (auto committed = transaction->commit(taking); !committed) return committed;
  last_news_ = last_proof_ = next_sweep_ = std::chrono::steady_clock::now();
  return {};
}

Status MysqlLane::remember_previous_owner() {
  auto row = connection_.query(
      "SELECT fence, clock_ms, claimed, clean, suspect, suspect_fence, blamed, kills, "
      "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED) FROM waybill_lane WHERE lane = 0 FOR UPDATE",
      {}, taking);
  if (!row) return row.error();
  if (row->empty()) {
    return Error{ErrorCode::corrupt, "waybill_lane of store '" + store_ + "' has no row; run `waybill migrate`"};
  }
  const auto previous_fence = row->number(0, 0);
  state_.clock = LaneTime{row->number(0, 1)};
  claimed_ = formerly_claimed_ = row->number(0, 2);
  state_.unclean = row->number(0, 3) == 0;
  state_.wall = store::WallClock{row->number(0, 8), std::chrono::steady_clock::now()};
  fence_ = previous_fence + 1;
  std::int64_t kills = 0;
  if (!row->is_null(0, 4)) {
    const auto suspect = row->number(0, 4);
    const bool again = !row->is_null(0, 6) && row->number(0, 6) == suspect;
    kills = again ? row->number(0, 7) : 0;
    // An owner that died before it marked anything is no proof against the message that stood there already.
    if (row->number(0, 5) == previous_fence) ++kills;
    state_.suspect = store::Ticket{static_cast<std::uint64_t>(suspect)};
  }
  state_.suspect_kills = static_cast<std::uint32_t>(kills);
  return connection_.run(
      "UPDATE waybill_lane SET fence = ?, holder = ?, clean = 0, blamed = suspect, kills = ? WHERE lane = 0",
      {fence_, holder_, kills}, taking);
}

// The lane's clock stood still while nobody held it.
Status MysqlLane::catch_up() {
  return connection_.run(
      "UPDATE waybill_retry SET due_ms = ? WHERE state = 'sending' AND due_ms > ? AND reason = 'delayed' AND "
      "not_before <= SYSDATE(3)",
      {state_.clock.ms, state_.clock.ms}, taking);
}

Status MysqlLane::read_scopes() {
  auto rows = connection_.query("SELECT route, keyed, `key`, after_seq FROM waybill_blocked_scope", {}, taking);
  if (!rows) return rows.error();
  for (std::size_t row = 0; row < rows->count(); ++row) {
    store::Scope scope{rows->text(row, 0), std::nullopt};
    if (rows->number(row, 1) != 0) scope.key = rows->text(row, 2);
    state_.blocked.push_back(scope);
    scopes_.emplace(std::move(scope), rows->number(row, 3));
  }
  return {};
}

Status MysqlLane::require_owner() {
  if (connection_.changes() == 1) return {};
  return lost();
}

Error MysqlLane::lost() const {
  return {ErrorCode::lost_lane, "lane 0 of store '" + store_ + "' has another owner, or its connection is gone"};
}

// The lock ends with the connection: whatever ended it, the lane is not ours any more.
Error MysqlLane::give_up(const Error& error) {
  broken_ = true;
  const bool gone = connection_.is_lost() && error.code() != ErrorCode::in_doubt;
  return gone ? Error{ErrorCode::lost_lane, error.message()} : error;
}

Status MysqlLane::prove_ownership() {
  const MonoTime now = std::chrono::steady_clock::now();
  if (broken_) return lost();
  if (now - last_proof_ < proof_interval) return {};
  auto fence = connection_.query("SELECT fence FROM waybill_lane WHERE lane = 0", {}, "can't read waybill_lane");
  if (!fence) return give_up(fence.error());
  if (fence->empty() || fence->number(0, 0) != fence_) return give_up(lost());
  last_proof_ = now;
  return {};
}

Result<bool> MysqlLane::any_news() {
  std::string sql = "SELECT EXISTS (SELECT 1 FROM waybill_outbox AS o WHERE seq > ?";
  if (cursor_ < parked_until_) sql += " AND NOT EXISTS (SELECT 1 FROM waybill_parked AS p WHERE p.seq = o.seq)";
  sql += ")";
  Values values{cursor_};
  const MonoTime now = std::chrono::steady_clock::now();
  if (!missing_.empty() && now >= next_look_behind_) {
    next_look_behind_ = now + between_looks_behind;
    sql += " OR EXISTS (SELECT 1 FROM waybill_outbox WHERE seq IN (" + placeholders(missing_.size()) + "))";
    for (const auto& [seq, since] : missing_) values.emplace_back(seq);
  }
  auto rows = connection_.query(sql, values, looking);
  if (!rows) return rows.error();
  return rows->number(0, 0) != 0;
}

Result<bool> MysqlLane::await(Deadline deadline, int interrupt) {
  while (true) {
    if (auto owner = prove_ownership(); !owner) return owner.error();
    if (auto resolved = resolve_missing(); !resolved) return give_up(resolved.error());
    auto news = any_news();
    if (!news) return give_up(news.error());
    const MonoTime now = std::chrono::steady_clock::now();
    if (*news) last_news_ = now;
    if (*news || now >= next_sweep_) return true;
    if (deadline.passed()) return false;
    const auto nap = std::min(Duration{deadline.at() - now}, nap_after(now - last_news_));
    if (interrupted_within(interrupt, std::max(nap, Duration::zero()))) return false;
  }
}

Status MysqlLane::mark_suspect(store::Ticket ticket) {
  if (broken_) return lost();
  auto marked = connection_.run("UPDATE waybill_lane SET suspect = ?, suspect_fence = ? WHERE lane = 0 AND fence = ?",
                                {static_cast<Seq>(ticket.value), fence_, fence_}, "can't mark a suspect");
  if (!marked) return give_up(marked.error());
  if (auto owner = require_owner(); !owner) return give_up(owner.error());
  return {};
}

}  // namespace waybill::mysql
