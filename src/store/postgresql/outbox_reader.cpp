#include "store/postgresql/outbox_reader.hpp"

#include <endian.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <memory>

#include "core/headers_json.hpp"
#include "core/validate.hpp"
#include "store/message_size.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing_read = "can't read waybill.outbox";
constexpr std::int64_t unix_epoch_us = 946'684'800'000'000;  // 2000-01-01, where PostgreSQL counts from
constexpr Seq no_last = std::numeric_limits<Seq>::max();
constexpr Xid listed_at_most = 64;

// A row of the result that describes the look itself. Its parts are read when the statement runs, so after its
// snapshot was taken: the next transaction number must not be older than the snapshot.
constexpr auto description =
    "SELECT -1::bigint, NULL::xid8, pg_current_snapshot()::text, age('3'::xid)::text, NULL::text, NULL::bytea, "
    "(SELECT last_value FROM waybill.outbox_seq), NULL::json, NULL::text, NULL::timestamptz, clock_timestamp(), "
    "NULL::bigint, NULL::text, false";

Lsn lsn_of(std::string_view text) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  const char* const end = std::to_address(text.end());
  const auto [slash, error] = std::from_chars(std::to_address(text.begin()), end, high, 16);
  if (error == std::errc{} && slash != end) std::from_chars(slash + 1, end, low, 16);
  return high << 32 | low;
}

/// Binds a set of transactions as a list of the short ranges and one hull of the long ones: a superset, which the
/// reader of the rows narrows down.
void add_xids(Parameters& parameters, const std::vector<Pending>& entries) {
  std::vector<std::int64_t> listed;
  Xid first = 1;
  Xid last = 0;
  for (const auto& [xids, bound] : entries) {
    if (xids.last - xids.first < listed_at_most) {
      for (Xid xid = xids.first; xid <= xids.last; ++xid) listed.push_back(static_cast<std::int64_t>(xid));
    } else {
      first = last == 0 ? xids.first : std::min(first, xids.first);
      last = std::max(last, xids.last);
    }
  }
  parameters.add(array_literal(listed)).add(std::to_string(first)).add(std::to_string(last));
}

}  // namespace

std::int64_t binary_integer(std::string_view bytes) {
  std::uint64_t raw = 0;
  if (bytes.size() == sizeof raw) std::memcpy(&raw, bytes.data(), sizeof raw);
  return static_cast<std::int64_t>(be64toh(raw));
}

std::int64_t binary_unix_us(std::string_view bytes) {
  constexpr std::int64_t farthest = 1'000'000'000'000'000'000;  // some 30,000 years
  const auto raw = binary_integer(bytes);
  return std::clamp(raw, -unix_epoch_us, farthest - unix_epoch_us) + unix_epoch_us;
}

const char* const OutboxReader::columns =
    "o.seq, o.xid, " WAYBILL_BOUNDED_NAMES
    ", CASE WHEN octet_length(o.payload) <= 16384 THEN o.payload END, octet_length(o.payload)::bigint, "
    "CASE WHEN octet_length(o.headers::text) <= 4096 THEN o.headers END, "
    "CASE WHEN octet_length(o.content_type) <= 255 THEN o.content_type END, o.not_before, o.created_at, "
    "octet_length(o.headers::text)::bigint, "
    "CASE WHEN octet_length(o.id) > 255 THEN 'id has ' || octet_length(o.id) "
    "WHEN octet_length(o.topic) > 255 THEN 'topic has ' || octet_length(o.topic) "
    "WHEN octet_length(o.key) > 255 THEN 'key has ' || octet_length(o.key) "
    "WHEN octet_length(o.content_type) > 255 THEN 'content_type has ' || octet_length(o.content_type) END";

std::string lane_filter(std::uint32_t lane, std::uint32_t lanes) {
  if (lanes < 2) return {};
  const auto n = std::to_string(lanes);
  return " AND (CASE WHEN o.key IS NULL THEN o.seq % " + n +
         " ELSE (hashtextextended(o.key, 0) & 9223372036854775807) % " + n + " END) = " + std::to_string(lane);
}

OutboxReader::OutboxReader(Connection& connection, std::uint32_t lane, std::uint32_t lanes, std::uint64_t max_payload)
    : connection_(&connection), lane_filter_(lane_filter(lane, lanes)), max_payload_(max_payload) {}

Result<Poll> OutboxReader::poll(const Progress& progress, std::size_t limit) {
  // Nearly always all that is new lies in one partition, and one is cheaper to ask than eight.
  const Seq next = progress.max_seq + 1;
  if (block_of(progress.look_back() + 1) == block_of(next)) {
    auto near = poll_from(partition_of(next), progress, limit, last_of_block(next));
    if (!near || block_of(near->last_drawn) <= block_of(next)) return near;
    if (!near->rows.empty()) {
      near->complete = false;
      return near;
    }
  }
  return poll_from("waybill.outbox", progress, limit, no_last);
}

Result<Poll> OutboxReader::poll_from(const std::string& source, const Progress& progress, std::size_t limit, Seq last) {
  const Statement statement{
      "poll " + source, std::string{description} + " UNION ALL (SELECT " + columns + ", o.async_commit FROM " + source +
                            " o WHERE o.seq > $1::bigint AND o.seq <= $6::bigint AND (o.seq > $2::bigint OR "
                            "o.xid = ANY($3::xid8[]) OR (o.xid >= $4::xid8 AND o.xid <= $5::xid8))" +
                            lane_filter_ + " ORDER BY o.seq LIMIT $7::bigint)"};
  Parameters parameters;
  parameters.add(progress.look_back()).add(progress.max_seq);
  add_xids(parameters, progress.near_pending());
  // What was read before comes along with what is pending; it must not use up the limit.
  const auto asked = limit + (progress.look_back() < progress.max_seq ? std::size_t{Progress::near_distance} : 0);
  parameters.add(last).add(static_cast<std::int64_t>(asked));
  auto rows = connection_->run(statement, parameters, Format::binary, doing_read);
  if (!rows) return rows.error();

  int about = 0;
  while (about < rows->count() && binary_integer(rows->bytes(about, 0)) != -1) ++about;
  if (about == rows->count()) return Error{ErrorCode::corrupt, "the store's answer lacks its snapshot"};
  auto snapshot = parse_snapshot(rows->bytes(about, 2), rows->bytes(about, 3));
  if (!snapshot) return snapshot.error();
  Poll poll;
  poll.snapshot = *std::move(snapshot);
  poll.rows = unread_rows(*rows, progress);
  poll.complete = static_cast<std::size_t>(rows->count()) <= asked;
  poll.last_drawn = binary_integer(rows->bytes(about, 6));
  poll.now_us = binary_unix_us(rows->bytes(about, 10));
  poll.at = std::chrono::steady_clock::now();
  return poll;
}

std::vector<OutboxRow> OutboxReader::unread_rows(const Rows& rows, const Progress& progress) const {
  std::vector<OutboxRow> unread;
  unread.reserve(static_cast<std::size_t>(rows.count()));
  for (int i = 0; i < rows.count(); ++i) {
    const auto seq = binary_integer(rows.bytes(i, 0));
    if (seq < 0 || progress.has_read(static_cast<Xid>(binary_integer(rows.bytes(i, 1))), seq)) continue;
    unread.push_back(row_of(rows, i));
    unread.back().async_commit = rows.bytes(i, column_count) == std::string_view{"\1", 1};
  }
  return unread;
}

Result<std::vector<OutboxRow>> OutboxReader::far(const Progress& progress, const std::vector<Pending>& finished,
                                                 std::size_t limit, Seq& scanned) {
  const Statement statement{
      "far", std::string{"SELECT "} + columns +
                 ", o.async_commit FROM waybill.outbox o WHERE o.seq > $1::bigint AND o.seq <= $2::bigint AND "
                 "(o.xid = ANY($3::xid8[]) OR (o.xid >= $4::xid8 AND o.xid <= $5::xid8))" +
                 lane_filter_ + " ORDER BY o.seq LIMIT $6::bigint"};
  Seq low = progress.max_seq;
  for (const auto& entry : finished) low = std::min(low, entry.bound);
  Parameters parameters;
  parameters.add(low).add(progress.max_seq);
  add_xids(parameters, finished);
  parameters.add(static_cast<std::int64_t>(limit));
  auto rows = connection_->run(statement, parameters, Format::binary, doing_read);
  if (!rows) return rows.error();
  const bool cut = static_cast<std::size_t>(rows->count()) >= limit;
  scanned = cut ? binary_integer(rows->bytes(rows->count() - 1, 0)) : progress.max_seq;

  // The hull may take in transactions that are still open or were read before.
  Progress only_finished = progress;
  only_finished.pending = finished;
  return unread_rows(*rows, only_finished);
}

Result<std::vector<OutboxRow>> OutboxReader::by_seq(const std::vector<Seq>& seqs, std::int64_t& now_us) {
  const Statement statement{
      "by_seq", std::string{"SELECT "} + columns +
                    ", clock_timestamp() FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(seq, place) JOIN "
                    "waybill.outbox o ON o.seq = wanted.seq AND ((o.seq >> 17) & 7) = "
                    "((wanted.seq >> 17) & 7) ORDER BY wanted.place"};
  Parameters parameters;
  parameters.add(array_literal(seqs));
  auto rows = connection_->run(statement, parameters, Format::binary, doing_read);
  if (!rows) return rows.error();
  std::vector<OutboxRow> found;
  found.reserve(static_cast<std::size_t>(rows->count()));
  for (int i = 0; i < rows->count(); ++i) found.push_back(row_of(*rows, i));
  if (!found.empty()) now_us = binary_unix_us(rows->bytes(0, column_count));
  return found;
}

std::size_t OutboxRow::bytes() const {
  const auto loaded = store::size_of(*message);
  if (!defect.empty()) return loaded;
  return loaded + static_cast<std::size_t>(payload_left ? payload_bytes : 0) +
         static_cast<std::size_t>(headers_left ? headers_bytes : 0);
}

Status OutboxReader::load_rest(OutboxRow& row, bool from_retry) {
  const auto source = from_retry ? std::string{"waybill.retry"} : partition_of(row.seq);
  const Statement statement{
      "rest " + source, "SELECT CASE WHEN $2::boolean THEN payload END, CASE WHEN $3::boolean THEN headers END FROM " +
                            source + " WHERE seq = $1::bigint"};
  const auto flag = [](bool set) { return std::string_view{set ? "t" : "f"}; };
  Parameters parameters;
  parameters.add(row.seq).add(flag(row.payload_left)).add(flag(row.headers_left));
  auto rows = connection_->run(statement, parameters, Format::binary, "can't read a payload");
  if (!rows) return rows.error();
  if (rows->empty()) return Error{ErrorCode::corrupt, "message " + row.message->id.str() + " has left the store"};
  if (row.payload_left) row.message->payload = rows->text(0, 0);
  if (row.headers_left) read_headers(rows->bytes(0, 1), row);
  row.payload_left = false;
  row.headers_left = false;
  return {};
}

Result<std::size_t> OutboxReader::load_within(std::vector<OutboxRow>& rows, const store::FetchLimit& limit,
                                              bool from_retry) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& row = rows[i];
    const auto size = row.bytes();
    if (i > 0 && (i >= limit.messages || bytes + size > limit.bytes)) return i;
    if ((row.payload_left || row.headers_left) && row.defect.empty()) {
      if (auto loaded = load_rest(row, from_retry); !loaded) return loaded.error();
    }
    bytes += size;
  }
  return rows.size();
}

store::Claimed claimed_of(const OutboxRow& row, store::Origin origin, std::uint32_t attempt, std::int64_t now_us) {
  store::Claimed claimed;
  claimed.ticket = {static_cast<std::uint64_t>(row.seq)};
  claimed.origin = origin;
  claimed.message = row.message;
  claimed.attempt = attempt;
  claimed.stored_at_ms = row.created_at_us / 1000;
  claimed.reason = row.defect_reason;
  claimed.defect = row.defect;
  if (row.not_before_us && *row.not_before_us > now_us) {
    constexpr std::int64_t longest = 1'000'000LL * 86'400 * 36'500;  // a hundred years, so that nanoseconds can hold it
    claimed.wait = std::chrono::microseconds{std::min(*row.not_before_us - now_us, longest)};
  }
  return claimed;
}

Result<Log> OutboxReader::log() {
  static const Statement statement{"log", "SELECT pg_current_wal_insert_lsn()::text, pg_current_wal_flush_lsn()::text"};
  auto rows = connection_->run(statement, {}, Format::text, "can't read how far the log is flushed");
  if (!rows) return rows.error();
  return Log{lsn_of(rows->bytes(0, 0)), lsn_of(rows->bytes(0, 1))};
}

void OutboxReader::read_headers(std::string_view json, OutboxRow& read) {
  auto headers = headers_from_json(json);
  Status fit = headers ? Status{} : Status{headers.error()};
  if (headers) {
    read.message->headers = *std::move(headers);
    fit = validate(*read.message);
  }
  if (fit || !read.defect.empty()) return;
  read.defect = fit.error().message();
  read.defect_reason = "malformed";
}

void OutboxReader::find_defect(const Rows& rows, int row, OutboxRow& read) const {
  const auto found = [&](const std::string& reason, const std::string& defect) {
    if (!read.defect.empty()) return;
    read.defect = defect;
    read.defect_reason = reason;
  };
  if (static_cast<std::uint64_t>(read.payload_bytes) > max_payload_) {
    read.payload_left = false;
    found("too_large", "payload has " + std::to_string(read.payload_bytes) + " bytes; at most " +
                           std::to_string(max_payload_) + " are allowed (max_payload)");
  }
  if (read.headers_bytes > std::int64_t{store::max_headers_json}) {
    read.headers_left = false;
    found("malformed", "headers: " + std::to_string(read.headers_bytes) + " bytes of JSON; at most " +
                           std::to_string(store::max_headers_json) + " are allowed");
  }
  if (!rows.is_null(row, 12)) {
    found("malformed", rows.text(row, 12) + " bytes; at most " + std::to_string(max_name_bytes) + " are allowed");
  }
  read_headers(rows.bytes(row, 7), read);
}

OutboxRow OutboxReader::row_of(const Rows& rows, int row) const {
  OutboxRow read;
  read.seq = binary_integer(rows.bytes(row, 0));
  read.xid = static_cast<Xid>(binary_integer(rows.bytes(row, 1)));
  read.message = std::make_shared<Message>();
  auto& message = *read.message;
  message.id = MessageId{rows.text(row, 2)};
  message.topic = Topic{rows.text(row, 3)};
  if (!rows.is_null(row, 4)) message.key.emplace(rows.text(row, 4));
  message.payload = rows.text(row, 5);
  read.payload_bytes = binary_integer(rows.bytes(row, 6));
  read.payload_left = rows.is_null(row, 5);
  if (!rows.is_null(row, 11)) read.headers_bytes = binary_integer(rows.bytes(row, 11));
  read.headers_left = read.headers_bytes > 0 && rows.is_null(row, 7);
  if (!rows.is_null(row, 8)) message.content_type = rows.text(row, 8);
  read.created_at_us = binary_unix_us(rows.bytes(row, 10));
  if (!rows.is_null(row, 9)) {
    read.not_before_us = binary_unix_us(rows.bytes(row, 9));
    constexpr std::int64_t in_nanoseconds = 9'000'000'000'000'000;  // the year 2255: what the clock's type can hold
    message.not_before = std::chrono::system_clock::time_point{
        std::chrono::microseconds{std::clamp<std::int64_t>(*read.not_before_us, 0, in_nanoseconds)}};
  }
  find_defect(rows, row, read);
  return read;
}

}  // namespace waybill::postgresql
