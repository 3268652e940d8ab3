#pragma once

/// \file
/// The statements that read the outbox.

#include <cstdint>
#include <string>
#include <vector>

#include "store/postgresql/connection.hpp"
#include "store/postgresql/progress.hpp"
#include "store/store.hpp"

namespace waybill::postgresql {

/// An eight-byte integer of a binary result.
std::int64_t binary_integer(std::string_view bytes);
/// A timestamptz of a binary result in Unix microseconds; `infinity` is a time in the far future.
std::int64_t binary_unix_us(std::string_view bytes);

/// A position in the write-ahead log.
using Lsn = std::uint64_t;

/// One row of the outbox or of the retry table, as far as it was read.
struct OutboxRow {
  Seq seq = 0;
  Xid xid = 0;
  std::int64_t payload_bytes = 0;
  std::int64_t headers_bytes = 0;
  bool async_commit = false;  ///< it may be visible before it is durable
  bool payload_left = false;  ///< the payload is still in the store: too long to come with others
  bool headers_left = false;  ///< so are the headers
  std::shared_ptr<Message> message;
  std::string defect;
  std::string defect_reason;       ///< with a defect: `malformed` or `too_large`
  std::int64_t created_at_us = 0;  ///< store's clock, Unix microseconds
  std::optional<std::int64_t> not_before_us;

  /// What it takes in memory when nothing of it is left in the store.
  std::size_t bytes() const;
};

/// What one look at the outbox found.
struct Poll {
  Snapshot snapshot;
  std::vector<OutboxRow> rows;  ///< unread ones, ascending
  bool complete = false;        ///< `rows` is all there was; else there may be more beyond the last
  Seq last_drawn = 0;           ///< the sequence's last number, read after the snapshot
  std::int64_t now_us = 0;      ///< store's clock
  MonoTime at{};                ///< when it came
};

/// The write-ahead log at one moment.
struct Log {
  Lsn end = 0;
  Lsn flushed = 0;
};

class OutboxReader {
 public:
  OutboxReader(Connection& connection, std::uint32_t lane, std::uint32_t lanes, std::uint64_t max_payload);

  /// All that is visible and unread but for what far pending transactions wrote, at most `limit` rows.
  Result<Poll> poll(const Progress& progress, std::size_t limit);
  /// Rows that `finished` wrote above its bounds, ascending, at most `limit`; `scanned` gets the last number looked at.
  Result<std::vector<OutboxRow>> far(const Progress& progress, const std::vector<Pending>& finished, std::size_t limit,
                                     Seq& scanned);
  /// The rows with these numbers, in the order of `seqs`; missing ones are left out. `now_us` gets the store's clock.
  Result<std::vector<OutboxRow>> by_seq(const std::vector<Seq>& seqs, std::int64_t& now_us);
  /// Fetches what was left of a row, from the outbox or the retry table.
  Status load_rest(OutboxRow& row, bool from_retry = false);
  /// How many of `rows`, from the first, fit `limit`; at least one. Loads what was left of them.
  Result<std::size_t> load_within(std::vector<OutboxRow>& rows, const store::FetchLimit& limit,
                                  bool from_retry = false);
  /// How far the log goes and is flushed. What was seen before is durable when it is flushed up to this end.
  Result<Log> log();

  /// Reads the row's columns, as `columns` lists them, from a binary result.
  OutboxRow row_of(const Rows& rows, int row) const;
  /// seq, xid, id, topic, key, payload when short, its length, headers when short, content_type, not_before,
  /// created_at, length of the headers, which of the names is too long
  static const char* const columns;
  static constexpr int column_count = 13;

 private:
  Result<Poll> poll_from(const std::string& source, const Progress& progress, std::size_t limit, Seq last);
  void find_defect(const Rows& rows, int row, OutboxRow& read) const;
  static void read_headers(std::string_view json, OutboxRow& read);
  std::vector<OutboxRow> unread_rows(const Rows& rows, const Progress& progress) const;

  Connection* connection_;
  std::string lane_filter_;
  std::uint64_t max_payload_;
};

/// Names as they are read and moved to the retry table. A row whose name is over its limit can only fail: the beginning
/// is enough for a person, while no index can hold the whole. A key over its limit is none: nothing waits for it.
#define WAYBILL_BOUNDED_NAMES                                                                 \
  "CASE WHEN octet_length(o.id) <= 255 THEN o.id ELSE left(o.id, 60) || '...' END, "          \
  "CASE WHEN octet_length(o.topic) <= 255 THEN o.topic ELSE left(o.topic, 60) || '...' END, " \
  "CASE WHEN octet_length(o.key) <= 255 THEN o.key END"

/// The row as a lane hands it out; `now_us` is the store's clock.
store::Claimed claimed_of(const OutboxRow& row, store::Origin origin, std::uint32_t attempt, std::int64_t now_us);

/// ` AND ...`: the rows of one lane, in a statement that calls the outbox `o`; empty when there is only one lane.
std::string lane_filter(std::uint32_t lane, std::uint32_t lanes);

/// The partition of the ring that holds a number is the block's number modulo 8.
constexpr Seq block_of(Seq seq) { return seq >> 17; }
constexpr Seq last_of_block(Seq seq) { return seq | 0x1ffff; }
constexpr int partitions = 8;
inline std::string partition_of(Seq seq) {
  return "waybill.outbox_p" + std::to_string(block_of(seq) & (partitions - 1));
}

}  // namespace waybill::postgresql
