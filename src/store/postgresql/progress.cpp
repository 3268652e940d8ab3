#include "store/postgresql/progress.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace waybill::postgresql {
namespace {

void append(std::vector<Pending>& list, Xid first, Xid last, Seq bound) {
  if (!list.empty() && list.back().bound == bound && list.back().xids.last + 1 == first) {
    list.back().xids.last = last;
  } else {
    list.push_back({{first, last}, bound});
  }
}

/// Calls `part(first, last, unfinished)` for the maximal parts of `range` that are all unfinished, or all finished.
template <class Part>
void split(const XidRange& range, const std::vector<XidRange>& unfinished, Part part) {
  Xid at = range.first;
  for (const auto& piece : unfinished) {
    if (piece.last < at) continue;
    if (piece.first > range.last) break;
    if (piece.first > at) part(at, piece.first - 1, false);
    const Xid last = std::min(piece.last, range.last);
    part(std::max(at, piece.first), last, true);
    if (last == range.last) return;
    at = last + 1;
  }
  part(at, range.last, false);
}

void sort_by_xid(std::vector<Pending>& list) {
  std::sort(list.begin(), list.end(), [](const Pending& a, const Pending& b) { return a.xids.first < b.xids.first; });
}

}  // namespace

bool Progress::has_read(Xid xid, Seq seq) const {
  if (seq > max_seq) return false;
  return std::none_of(pending.begin(), pending.end(), [&](const Pending& entry) {
    return entry.xids.first <= xid && xid <= entry.xids.last && seq > entry.bound;
  });
}

std::vector<Pending> Progress::near_pending() const {
  std::vector<Pending> near;
  for (const auto& entry : pending) {
    if (entry.bound < max_seq && entry.bound >= max_seq - near_distance) near.push_back(entry);
  }
  return near;
}

Seq Progress::look_back() const {
  Seq low = max_seq;
  for (const auto& entry : near_pending()) low = std::min(low, entry.bound);
  return low;
}

std::vector<Pending> Progress::finished_far(const Snapshot& snapshot) const {
  std::vector<Pending> finished;
  const auto unfinished = snapshot.unfinished();
  for (const auto& entry : pending) {
    if (entry.bound >= max_seq - near_distance) continue;
    split(entry.xids, unfinished, [&](Xid first, Xid last, bool open) {
      if (!open) append(finished, first, last, entry.bound);
    });
  }
  return finished;
}

void Progress::read(const Snapshot& snapshot, Seq through, Seq top) {
  const bool complete = through >= max_seq;
  const auto unfinished = snapshot.unfinished();
  std::vector<Pending> left;
  for (const auto& entry : pending) {
    split(entry.xids, unfinished, [&](Xid first, Xid last, bool open) {
      if (open) {
        append(left, first, last, entry.bound);
      } else if (!complete) {
        append(left, first, last, std::max(entry.bound, through));
      }
    });
  }
  for (const auto& range : unfinished) {
    if (range.last >= next_xid) append(left, std::max(range.first, next_xid), range.last, max_seq);
  }
  pending = std::move(left);
  sort_by_xid(pending);
  next_xid = std::max(next_xid, snapshot.next);
  if (complete) max_seq = std::max(max_seq, top);
}

void Progress::read_far(const std::vector<Pending>& finished, Seq through) {
  std::vector<XidRange> ranges;
  ranges.reserve(finished.size());
  for (const auto& entry : finished) ranges.push_back(entry.xids);
  std::vector<Pending> left;
  for (const auto& entry : pending) {
    split(entry.xids, ranges, [&](Xid first, Xid last, bool was_read) {
      const bool exhausted = was_read && through >= max_seq;
      if (!exhausted) append(left, first, last, was_read ? std::max(entry.bound, through) : entry.bound);
    });
  }
  pending = std::move(left);
}

std::string pending_to_text(const std::vector<Pending>& pending) {
  std::string text;
  for (const auto& entry : pending) {
    if (!text.empty()) text += ',';
    text +=
        std::to_string(entry.xids.first) + '-' + std::to_string(entry.xids.last) + '@' + std::to_string(entry.bound);
  }
  return text;
}

Result<std::vector<Pending>> pending_from_text(std::string_view text) {
  std::vector<Pending> pending;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto take = [&](auto& number, char separator) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) return false;
    at = next;
    if (at == end) return separator == ',';
    return *at++ == separator;
  };
  while (at != end) {
    Pending entry;
    if (!take(entry.xids.first, '-') || !take(entry.xids.last, '@') || !take(entry.bound, ',')) {
      return Error{ErrorCode::corrupt, "a lane's stored position is damaged: pending '" + std::string{text} + "'"};
    }
    pending.push_back(entry);
  }
  return pending;
}

}  // namespace waybill::postgresql
