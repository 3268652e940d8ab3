#include "store/postgresql/position_log.hpp"

#include "core/text.hpp"
#include "store/postgresql/outstanding.hpp"

namespace waybill::postgresql {
namespace {

constexpr std::int64_t rows_per_half = 2000;
constexpr auto doing_load = "can't read the lane's position";
constexpr auto doing_append = "can't store the lane's position";

std::string table(std::uint32_t lane, char half) { return "waybill.position_" + std::to_string(lane) + "_" + half; }

std::string newest_sql(std::uint32_t lane, char half) {
  return std::string{"(SELECT '"} + half +
         "', n, holder, clock_ms, clean, suspect, suspect_kills, next_xid, max_seq, pending, encode(outstanding, "
         "'hex'), "
         "claimed, flagged, (extract(epoch FROM clock_timestamp() - at) * 1000)::bigint FROM " +
         table(lane, half) + " ORDER BY n DESC LIMIT 1)";
}

Result<Position> position_of(const Rows& rows) {
  Position position;
  position.n = rows.number(0, 1);
  position.holder = rows.text(0, 2);
  position.clock_ms = rows.number(0, 3);
  position.clean = rows.flag(0, 4);
  if (!rows.is_null(0, 5)) position.suspect = rows.number(0, 5);
  position.suspect_kills = rows.number(0, 6);
  position.progress.next_xid = static_cast<Xid>(rows.number(0, 7));
  position.progress.max_seq = rows.number(0, 8);
  auto pending = pending_from_text(rows.bytes(0, 9));
  if (!pending) return pending.error();
  position.progress.pending = *std::move(pending);
  auto outstanding = unpack_seqs(from_hex(rows.bytes(0, 10)));
  if (!outstanding) return outstanding.error();
  position.outstanding = *std::move(outstanding);
  position.claimed = rows.number(0, 11);
  position.flagged = rows.number(0, 12);
  position.age_ms = rows.number(0, 13);
  return position;
}

Parameters parameters_of(const Position& position, std::int64_t n) {
  Parameters parameters;
  parameters.add(n).add(position.holder).add(position.clock_ms).add(std::string_view{position.clean ? "t" : "f"});
  if (position.suspect) {
    parameters.add(*position.suspect);
  } else {
    parameters.add_null();
  }
  parameters.add(position.suspect_kills)
      .add(std::to_string(position.progress.next_xid))
      .add(position.progress.max_seq)
      .add(pending_to_text(position.progress.pending))
      .add_bytes(pack_seqs(position.outstanding))
      .add(position.claimed)
      .add(position.flagged);
  return parameters;
}

}  // namespace

Result<std::optional<Position>> newest_position(Connection& connection, std::uint32_t lane, char* half) {
  const auto sql = newest_sql(lane, 'a') + " UNION ALL " + newest_sql(lane, 'b') + " ORDER BY 2 DESC LIMIT 1";
  auto rows = connection.run(sql, doing_load);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<Position>{};
  if (half != nullptr) *half = rows->bytes(0, 0).front();
  auto position = position_of(*rows);
  if (!position) return position.error();
  return std::optional<Position>{*std::move(position)};
}

Result<std::optional<Position>> PositionLog::load() {
  auto newest = newest_position(*connection_, lane_, &half_);
  if (newest && newest->has_value()) n_ = first_of_half_ = (*newest)->n;
  return newest;
}

Status PositionLog::append(const Position& position) {
  const Statement statement{
      std::string{"position_"} + half_,
      "INSERT INTO " + table(lane_, half_) +
          " (n, holder, clock_ms, clean, suspect, suspect_kills, next_xid, max_seq, pending, "
          "outstanding, claimed, flagged) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"};
  auto done = connection_->run(statement, parameters_of(position, n_ + 1), Format::text, doing_append);
  if (!done) {
    // The number is taken: the lock was not ours alone.
    if (done.error().code() == ErrorCode::invalid_argument) return Error{ErrorCode::lost_lane, done.error().message()};
    return done.error();
  }
  ++n_;
  return {};
}

Status PositionLog::rotate() {
  if (n_ - first_of_half_ < rows_per_half) return {};
  const char other = half_ == 'a' ? 'b' : 'a';
  auto transaction = Transaction::begin(*connection_, doing_append);
  if (!transaction) return transaction.error();
  const auto locked =
      connection_->run("LOCK TABLE " + table(lane_, other) + " IN ACCESS EXCLUSIVE MODE NOWAIT", doing_append);
  if (!locked) {
    first_of_half_ += rows_per_half / 10;  // asked again later
    return connection_->alive() ? Status{} : Status{locked.error()};
  }
  if (auto emptied = connection_->run("TRUNCATE " + table(lane_, other), doing_append); !emptied)
    return emptied.error();
  if (auto done = transaction->commit(doing_append); !done) return done;
  half_ = other;
  first_of_half_ = n_;
  return {};
}

}  // namespace waybill::postgresql
