#include <poll.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "store/postgresql/lane.hpp"
#include "store/postgresql/pacing.hpp"

namespace waybill::postgresql {
namespace {

enum class Woken { nothing, interrupt, server };

MonoTime now() { return std::chrono::steady_clock::now(); }

Woken wait_until(MonoTime at, int interrupt, int server) {
  const auto left = std::max(at - now(), Duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec limit{static_cast<std::time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
  std::array<pollfd, 2> sockets{{{interrupt, POLLIN, 0}, {server, POLLIN, 0}}};
  if (::ppoll(sockets.data(), sockets.size(), &limit, nullptr) <= 0) return Woken::nothing;
  return sockets[0].revents != 0 ? Woken::interrupt : Woken::server;
}

}  // namespace

Result<bool> PostgresLane::await(Deadline deadline, int interrupt) {
  while (true) {
    if (!again_.empty() || (slice_ && !slice_->poll.rows.empty())) {
      if (auto ours = prove_ownership(); !ours) return lost(ours.error());
      return true;
    }
    if (wake_.asleep() && connection_->was_notified()) next_look_ = now();
    const auto woken =
        wait_until(std::min(deadline.at(), next_look_), interrupt, wake_.asleep() ? connection_->socket() : -1);
    if (woken == Woken::interrupt) return false;
    if (woken == Woken::server) {
      auto told = connection_->take_notifications();
      if (!told) return lost(told.error());
      if (*told) next_look_ = now();
    }
    if (now() >= next_look_) {
      auto news = look_for_news();
      if (!news) return lost(news.error());
      if (*news) return true;
    }
    if (deadline.passed()) return false;
  }
}

/// Who does not fetch what has been found already must hear all the same when the lane is lost.
Status PostgresLane::prove_ownership() {
  if (now() < next_proof_) return {};
  next_proof_ = now() + safety_pause;
  auto answer = reader_.log();
  return answer ? Status{} : Status{answer.error()};
}

/// One look, and the choice of when to look next.
Result<bool> PostgresLane::look_for_news() {
  if (auto kept = maintain(); !kept) return kept.error();
  auto slice = look(asked_);
  if (!slice) return slice.error();
  if (!slice->poll.rows.empty()) {
    slice_ = *std::move(slice);
    next_look_ = now() + shortest_pause;
    return true;
  }
  const Seq drawn_before = last_drawn_;
  note_read(*slice, true, 0);
  if (!slice->finished_far.empty()) {
    next_look_ = now();
    return false;
  }
  // Somebody inserts, for another lane or not committed yet: asleep, this lane would make each of these commits notify.
  const bool inserts_go_on = slice->poll.last_drawn > drawn_before;
  if (wake_.asleep()) {
    next_look_ = now() + safety_pause;
    return inserts_go_on ? get_up_to_look_on() : false;
  }
  if (pause_ >= longest_pause && !inserts_go_on) {
    auto asleep = wake_.fall_asleep();
    if (!asleep) return asleep.error();
    // What was committed before the lock was ours sent no notification: look once more at once.
    next_look_ = *asleep ? now() : now() + pause_;
    return false;
  }
  if (++looks_without_news_ > looks_before_slowing) pause_ = std::min(pause_ * 2, longest_pause);
  next_look_ = now() + pause_;
  return false;
}

Result<bool> PostgresLane::get_up_to_look_on() {
  if (auto up = wake_.get_up(); !up) return up.error();
  pause_ = shortest_pause;
  looks_without_news_ = 0;
  next_look_ = now() + pause_;
  return false;
}

Status PostgresLane::maintain() {
  if (now() < next_maintenance_) return {};
  next_maintenance_ = now() + std::chrono::seconds{1};
  if (auto rotated = log_.rotate(); !rotated) return rotated;
  // For people who ask where a message is; and a lane without messages of its own must not keep others' partitions.
  constexpr Seq stored_behind = 65'536;
  if (handed_out_since_stored_ || progress_.max_seq > stored_max_seq_ + stored_behind) {
    if (auto stored = store_position(std::max(claimed_, progress_.max_seq + claim_ahead_)); !stored) return stored;
  }
  return truncation_.step(std::max(last_drawn_, progress_.max_seq), now());
}

}  // namespace waybill::postgresql
