#include <poll.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "store/postgresql/lane.hpp"
#include "store/postgresql/pacing.hpp"

namespace waybill::postgresql {
namespace {

constexpr std::size_t largest_slice = 1000;
constexpr Seq everything = std::numeric_limits<Seq>::max();
/// How far max_seq may stay behind the sequence when the numbers between belong to others (rolled back, other lanes).
constexpr Seq jump_distance = 1000;

}  // namespace

Result<store::Fetched> PostgresLane::fetch(store::FetchLimit limit) {
  if (limit.messages == 0) {
    // Any answer proves it: the lane's lock lives and dies with the connection.
    auto answered = reader_.log();
    if (!answered) return lost(answered.error());
    return store::Fetched{};
  }
  auto fetched = again_.empty() ? fetch_new(limit) : fetch_again(limit);
  if (!fetched) return lost(fetched.error());
  return fetched;
}

/// What the previous owner had handed out and not settled. It is in the claimed part already.
Result<store::Fetched> PostgresLane::fetch_again(store::FetchLimit limit) {
  const auto asked = std::min({limit.messages, again_.size(), largest_slice});
  const std::vector<Seq> seqs{again_.begin(), again_.begin() + static_cast<std::ptrdiff_t>(asked)};
  std::int64_t now_us = 0;
  auto rows = reader_.by_seq(seqs, now_us);
  if (!rows) return rows.error();
  auto fitting = reader_.load_within(*rows, limit);
  if (!fitting) return fitting.error();
  store::Fetched fetched;
  for (std::size_t i = 0; i < *fitting; ++i) {
    const auto& row = (*rows)[i];
    fetched.messages.push_back(claimed_of(row, store::Origin::fresh, row.seq <= flagged_ ? 2 : 1, now_us));
    outstanding_.attach(row.seq, row.message);
  }
  // Rows that are gone were taken out by hand: nobody waits for them.
  const auto last = *fitting == rows->size() ? everything : (*rows)[*fitting].seq;
  for (std::size_t i = 0; i < asked && again_.front() != last; ++i) {
    const auto seq = again_.front();
    again_.pop_front();
    const bool found = std::any_of(rows->begin(), rows->end(), [&](const OutboxRow& row) { return row.seq == seq; });
    if (!found) outstanding_.settle(seq);
  }
  fetched.more = true;
  return fetched;
}

Result<store::Fetched> PostgresLane::fetch_new(store::FetchLimit limit) {
  asked_ = rows_that_fit(limit);
  if (!slice_ || slice_->poll.rows.empty()) {
    auto slice = look(asked_);
    if (!slice) return slice.error();
    slice_ = *std::move(slice);
  }
  return hand_out(*std::exchange(slice_, std::nullopt), limit);
}

std::size_t PostgresLane::rows_that_fit(const store::FetchLimit& limit) const {
  const auto by_bytes = std::max<std::size_t>(limit.bytes / std::max<std::size_t>(typical_bytes_, 1), 8);
  return std::clamp<std::size_t>(std::min(limit.messages, by_bytes), 1, largest_slice);
}

Result<PostgresLane::Slice> PostgresLane::look(std::size_t limit) {
  auto poll = reader_.poll(progress_, limit);
  if (!poll) return poll.error();
  Slice slice;
  slice.finished_far = progress_.finished_far(poll->snapshot);
  slice.poll = *std::move(poll);
  if (!slice.finished_far.empty()) {
    auto rows = reader_.far(progress_, slice.finished_far, limit, slice.scanned);
    if (!rows) return rows.error();
    slice.poll.rows = *std::move(rows);
  }
  return slice;
}

Result<store::Fetched> PostgresLane::hand_out(Slice slice, const store::FetchLimit& limit) {
  auto& rows = slice.poll.rows;
  auto fitting = reader_.load_within(rows, limit);
  if (!fitting) return fitting.error();
  const bool all = *fitting == rows.size();
  const Seq last = rows.empty() ? 0 : rows[*fitting - 1].seq;
  if (!rows.empty()) {
    claim_ahead_ = std::clamp(static_cast<Seq>(*fitting) * fetches_claimed_ahead, least_claim_ahead, most_claim_ahead);
    if (auto safe = make_safe(slice, last); !safe) return safe.error();
    if (auto up = wake_.get_up(); !up) return up.error();
    pause_ = shortest_pause;
    looks_without_news_ = 0;
  }
  note_read(slice, all, last);
  handed_out_since_stored_ = handed_out_since_stored_ || !rows.empty();
  store::Fetched fetched;
  fetched.messages.reserve(*fitting);
  for (std::size_t i = 0; i < *fitting; ++i) {
    const auto& row = rows[i];
    fetched.messages.push_back(claimed_of(row, store::Origin::fresh, row.seq <= flagged_ ? 2 : 1, slice.poll.now_us));
    outstanding_.add(row.seq, row.message);
    typical_bytes_ += row.bytes() / 64;
    typical_bytes_ -= typical_bytes_ / 64;
  }
  fetched.wall = {slice.poll.now_us / 1000, slice.poll.at};
  fetched.more = !all || !slice.poll.complete || !slice.finished_far.empty();
  if (!all) {
    rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(*fitting));
    slice_ = std::move(slice);
  }
  return fetched;
}

/// That the rows are claimed must be durable, and so must be the commits that made them visible (P2, P3). A synchronous
/// commit is flushed before anyone can see it; to wait for the log's end then would be to wait for strangers' commits.
Status PostgresLane::make_safe(const Slice& slice, Seq last) {
  if (last > claimed_) return store_position(last + claim_ahead_ * settings_.lanes);
  const auto& rows = slice.poll.rows;
  const bool may_be_taken_back =
      std::any_of(rows.begin(), rows.end(), [](const OutboxRow& row) { return row.async_commit; });
  return may_be_taken_back ? await_durable() : Status{};
}

Status PostgresLane::await_durable() {
  const auto patience = Deadline::after(flush_patience);
  auto log = reader_.log();
  if (!log) return log.error();
  const Lsn seen = log->end;
  while (log->flushed < seen) {
    // A commit of ours that is synchronous flushes all that stands before it.
    if (patience.passed()) return store_position(std::max(claimed_, progress_.max_seq + claim_ahead_));
    // Another service's commit may be flushing it just now: give it the time that takes.
    const timespec moment{0, flush_pause.count()};
    ::ppoll(nullptr, 0, &moment, nullptr);
    log = reader_.log();
    if (!log) return log.error();
  }
  return {};
}

void PostgresLane::note_read(const Slice& slice, bool all, Seq through) {
  if (!slice.finished_far.empty()) {
    progress_.read_far(slice.finished_far, all ? slice.scanned : through);
    return;
  }
  if (!all || !slice.poll.complete) {
    if (through > 0) progress_.read(slice.poll.snapshot, through, through);
    return;
  }
  // last_drawn_ was read before this snapshot, so what is not visible up to there is unfinished in it or was rolled
  // back.
  Seq top = std::max(progress_.max_seq, through);
  if (last_drawn_ > top + jump_distance) top = last_drawn_;
  progress_.read(slice.poll.snapshot, everything, top);
  last_drawn_ = std::max(last_drawn_, slice.poll.last_drawn);
}

}  // namespace waybill::postgresql
