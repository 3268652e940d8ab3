#include "store/postgresql/truncation.hpp"

#include <algorithm>
#include <string>

namespace waybill::postgresql {
namespace {

constexpr auto doing = "can't free a partition of waybill.outbox";
constexpr Duration again_soon = std::chrono::seconds{2};
constexpr Duration again_late = std::chrono::seconds{60};

std::string table(int partition) { return "waybill.outbox_p" + std::to_string(partition); }

}  // namespace

Status Truncation::step(Seq last_drawn, MonoTime now) {
  const auto current = static_cast<int>(block_of(last_drawn) & (partitions - 1));
  for (int ahead = 2; ahead < partitions; ++ahead) {  // 0 is inserted into, 1 is next
    const int partition = (current + ahead) % partitions;
    const auto at = static_cast<std::size_t>(partition);
    if (now < not_before_[at]) continue;
    not_before_[at] = now + again_soon;
    auto extent = extent_of(partition);
    if (!extent) return extent.error();
    if (extent->empty) continue;
    auto known = read_positions();
    if (!known) return known.error();
    if (!*known || !settled(*extent)) continue;
    auto freed = free(partition);
    if (!freed) return connection_->alive() ? Status{} : Status{freed.error()};
    backoff_[at] = *freed ? Duration::zero() : std::clamp(backoff_[at] * 2, again_soon, again_late);
    not_before_[at] = now + std::max(backoff_[at], again_soon);
    return {};
  }
  return {};
}

Result<Truncation::Extent> Truncation::extent_of(int partition) {
  const Statement statement{"extent " + table(partition), "SELECT min(seq), max(seq) FROM " + table(partition)};
  auto rows = connection_->run(statement, {}, Format::text, doing);
  if (!rows) return rows.error();
  return Extent{rows->is_null(0, 0), rows->number(0, 0), rows->number(0, 1)};
}

Result<bool> Truncation::read_positions() {
  positions_.clear();
  for (std::uint32_t lane = 0; lane < lanes_; ++lane) {
    auto position = newest_position(*connection_, lane);
    if (!position) return position.error();
    if (!position->has_value()) return false;
    positions_.push_back(*std::move(*position));
  }
  return true;
}

bool Truncation::settled(const Extent& extent) const {
  return std::all_of(positions_.begin(), positions_.end(), [&](const Position& position) {
    return extent.last <= position.progress.max_seq &&
           std::none_of(position.outstanding.begin(), position.outstanding.end(),
                        [&](Seq seq) { return seq >= extent.first && seq <= extent.last; });
  });
}

Result<bool> Truncation::free(int partition) {
  auto transaction = Transaction::begin(*connection_, doing);
  if (!transaction) return transaction.error();
  if (!connection_->run("LOCK TABLE " + table(partition) + " IN ACCESS EXCLUSIVE MODE NOWAIT", doing)) return false;
  // Whoever had inserted into it has ended, or the lock would not be ours: what is to be found is visible from here on.
  auto extent = extent_of(partition);
  if (!extent) return extent.error();
  if (extent->empty || !settled(*extent)) return false;
  auto needed = is_needed(partition, *extent);
  if (!needed) return needed.error();
  if (*needed) return false;
  if (auto emptied = connection_->run("TRUNCATE " + table(partition), doing); !emptied) return emptied.error();
  if (auto done = transaction->commit(doing); !done) return done.error();
  return true;
}

Result<bool> Truncation::is_needed(int partition, const Extent& extent) {
  static const Statement parked{"parked_between",
                                "SELECT EXISTS (SELECT FROM waybill.parked WHERE first_seq <= $2::bigint AND "
                                "last_seq >= $1::bigint)"};
  Parameters range;
  range.add(extent.first).add(extent.last);
  auto waiting = connection_->run(parked, range, Format::text, doing);
  if (!waiting) return waiting.error();
  if (waiting->flag(0, 0)) return true;

  std::string late;
  for (const auto& position : positions_) {
    for (const auto& [xids, bound] : position.progress.pending) {
      if (bound >= extent.last) continue;
      late += (late.empty() ? "" : " OR ") + ("(xid >= '" + std::to_string(xids.first)) + "' AND xid <= '" +
              std::to_string(xids.last) + "' AND seq > " + std::to_string(bound) + ")";
    }
  }
  if (late.empty()) return false;
  auto unread = connection_->run("SELECT EXISTS (SELECT FROM " + table(partition) + " WHERE " + late + ")", doing);
  if (!unread) return unread.error();
  return unread->flag(0, 0);
}

}  // namespace waybill::postgresql
