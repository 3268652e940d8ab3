#include "store/postgresql/lane.hpp"

#include <algorithm>
#include <utility>

#include "store/postgresql/advisory.hpp"
#include "store/postgresql/pacing.hpp"
#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing_take = "can't take the lane";

// The planner must not choose by statistics of tables that are empty one minute and full the next. The session must not
// outlive its process: a stopped process keeps its connection alive, so an idle session ends too. Longer than a relay
// takes to stop.
constexpr auto session_settings =
    "SET synchronous_commit = on; SET statement_timeout = 0; SET lock_timeout = '5s'; SET TimeZone = 'UTC'; "
    "SET idle_in_transaction_session_timeout = '20s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; "
    "SET tcp_keepalives_count = 3; SET tcp_user_timeout = '10s'; SET jit = off; SET max_parallel_workers_per_gather = "
    "0; "
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; "
    "SET enable_mergejoin = off; SET enable_bitmapscan = off; SET search_path = pg_catalog; "
    "SELECT set_config('idle_session_timeout', '45s', false) FROM pg_settings WHERE name = 'idle_session_timeout'";

}  // namespace

PostgresLane::PostgresLane(std::unique_ptr<Connection> connection, LaneSettings settings)
    : connection_(std::move(connection)),
      settings_(std::move(settings)),
      log_(*connection_, settings_.lane),
      reader_(*connection_, settings_.lane, settings_.lanes, settings_.max_payload),
      retries_(*connection_, reader_, settings_.lane, settings_.holder),
      parking_(*connection_, reader_, settings_.lane),
      wake_(*connection_),
      truncation_(*connection_, settings_.lanes),
      pause_(shortest_pause) {}

Status PostgresLane::take() {
  if (auto ready = connection_->run(session_settings, doing_take); !ready) return ready.error();
  if (auto locked = lock(); !locked) return locked;
  if (auto listening = wake_.prepare(settings_.lanes > 1); !listening) return listening;
  auto position = log_.load();
  if (!position) return position.error();
  if (position->has_value()) {
    if (auto restored = restore(**position); !restored) return restored;
  }
  if (auto known = follow_timeline(); !known) return known;
  if (auto caught_up = retries_.catch_up(state_.clock); !caught_up) return caught_up;
  if (auto loaded = parking_.load(); !loaded) return loaded;
  state_.blocked.assign(parking_.blocked().begin(), parking_.blocked().end());
  // After an unclean end the stored row still tells the truth, and keeps the suspect.
  return state_.unclean ? Status{} : store_position(progress_.max_seq);
}

/// A failover or a recovery to a point in time begins a new timeline. What the position then says may be older than
/// what was published before, so all that is in the outbox may have been sent.
Status PostgresLane::follow_timeline() {
  const std::string name = "timeline_" + std::to_string(settings_.lane);
  auto found = connection_->run(
      "SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), (SELECT value FROM waybill.meta WHERE name = '" +
          name + "'), (SELECT last_value FROM waybill.outbox_seq)",
      doing_take);
  if (!found) return found.error();
  const std::string present = found->text(0, 0);
  if (found->text(0, 1) == present) return {};
  if (!found->is_null(0, 1)) {
    flagged_ = std::max(flagged_, found->number(0, 2));
    if (auto stored = store_position(std::max(claimed_, progress_.max_seq)); !stored) return stored;
  }
  auto noted = connection_->run("INSERT INTO waybill.meta (name, value) VALUES ('" + name + "', '" + present +
                                    "') ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                doing_take);
  return noted ? Status{} : Status{noted.error()};
}

Status PostgresLane::lock() {
  const auto lane = std::to_string(settings_.lane);
  const auto keys = std::to_string(advisory_class) + ", " + lane;
  auto locked = connection_->run("SELECT pg_try_advisory_lock(" + keys + ")", doing_take);
  if (!locked) return locked.error();
  if (locked->flag(0, 0)) return {};
  const auto holders = lane_holders(*connection_, settings_.lanes);
  const bool known = holders && !(*holders)[settings_.lane].holder.empty();
  return Error{ErrorCode::busy,
               "lane " + lane + " is held by " + (known ? (*holders)[settings_.lane].holder : "another relay")};
}

Status PostgresLane::restore(const Position& position) {
  progress_ = position.progress;
  for (const auto seq : position.outstanding) outstanding_.add(seq, nullptr);
  again_.assign(position.outstanding.begin(), position.outstanding.end());
  flagged_ = position.clean ? position.flagged : std::max(position.flagged, position.claimed);
  claimed_ = position.clean ? position.progress.max_seq : position.claimed;
  stored_max_seq_ = position.progress.max_seq;
  clock_ms_ = position.clock_ms;
  suspect_ = position.suspect;
  suspect_kills_ = position.suspect_kills;
  state_.clock = {position.clock_ms};
  state_.unclean = !position.clean;
  if (state_.unclean && suspect_) {
    state_.suspect = store::Ticket{static_cast<std::uint64_t>(*suspect_)};
    state_.suspect_kills = static_cast<std::uint32_t>(position.suspect_kills + 1);
  }
  return {};
}

Status PostgresLane::store_position(Seq claimed, bool clean) {
  Position position;
  position.holder = settings_.holder;
  position.clock_ms = clock_ms_;
  position.clean = clean;
  position.suspect = suspect_;
  position.suspect_kills = suspect_kills_;
  position.progress = progress_;
  position.outstanding = outstanding_.in_order();
  position.claimed = claimed;
  position.flagged = flagged_;
  if (auto stored = log_.append(position); !stored) return stored;
  claimed_ = claimed;
  stored_max_seq_ = progress_.max_seq;
  handed_out_since_stored_ = false;
  return {};
}

Error PostgresLane::lost(const Error& cause) const {
  // After a missed deadline the answer may still come, and would be taken for that of the next statement.
  const auto code = cause.code();
  const bool missed = code == ErrorCode::timeout || code == ErrorCode::unreachable || code == ErrorCode::in_doubt;
  if (connection_->alive() && !missed) return cause;
  return {ErrorCode::lost_lane, "lane " + std::to_string(settings_.lane) + " is lost: " + cause.message()};
}

Status PostgresLane::mark_suspect(store::Ticket ticket) {
  suspect_ = static_cast<Seq>(ticket.value);
  suspect_kills_ = state_.suspect == ticket ? state_.suspect_kills : 0;
  if (auto stored = store_position(std::max(claimed_, progress_.max_seq + claim_ahead_)); !stored)
    return lost(stored.error());
  return {};
}

Result<store::Due> PostgresLane::due(LaneTime now, store::FetchLimit limit) {
  auto due = retries_.due(now, limit);
  if (!due) return lost(due.error());
  auto released = parking_.released();
  if (!released) return lost(released.error());
  due->released = *std::move(released);
  return due;
}

Result<store::Fetched> PostgresLane::backlog(const store::Scope& scope, store::FetchLimit limit) {
  auto fetched = parking_.backlog(scope, limit);
  if (!fetched) return lost(fetched.error());
  return fetched;
}

Result<store::Fetched> PostgresLane::set_aside(const std::string& route, store::FetchLimit limit) {
  auto fetched = retries_.set_aside(route, limit);
  if (!fetched) return lost(fetched.error());
  return fetched;
}

}  // namespace waybill::postgresql
