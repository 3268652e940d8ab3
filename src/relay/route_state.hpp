#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "core/histogram.hpp"
#include "core/time.hpp"
#include "relay/tracked.hpp"

namespace waybill::relay {

/// Totals of one route since the relay started.
struct RouteTotals {
  std::uint64_t confirmed = 0;
  std::uint64_t rejected = 0;
  std::uint64_t unroutable = 0;
  std::uint64_t in_doubt = 0;
  std::uint64_t failed = 0;
  std::uint64_t dropped = 0;
  std::uint64_t resent = 0;               ///< publications with an attempt above one
  std::uint64_t duplicates_possible = 0;  ///< publications of what the broker may have taken already
  Histogram confirm;                      ///< from a publication to its confirm
  Histogram commit_to_confirm;            ///< from when the message was persisted to its confirm

  RouteTotals& operator+=(const RouteTotals& other) {
    confirmed += other.confirmed;
    rejected += other.rejected;
    unroutable += other.unroutable;
    in_doubt += other.in_doubt;
    failed += other.failed;
    dropped += other.dropped;
    resent += other.resent;
    duplicates_possible += other.duplicates_possible;
    confirm += other.confirm;
    commit_to_confirm += other.commit_to_confirm;
    return *this;
  }
};

/// One route's queue of messages ready to go out, and how its destination fares.
struct RouteState {
  std::deque<Tag> ready;
  std::size_t in_flight = 0;
  MonoTime waiting_since{};                ///< in flight and nothing answered since then: how long it has been stalled
  std::optional<MonoTime> relieved_since;  ///< its messages were first set aside then, and nothing was answered since
  bool has_set_aside = false;              ///< the store may have messages of it that were set aside
  std::uint64_t set_aside_in = 0;          ///< the settlement that carries the last of them to the store
  bool at_fault = false;                   ///< its exchange is missing or refused
  MonoTime retry_at{};                     ///< when a message may probe a route at fault
  Duration backoff{0};
  bool probing = false;
  std::string detail;  ///< the broker's words about the fault
  std::string paused;  ///< who holds it back and why; empty: nobody
  RouteTotals totals;

  bool is_paused() const { return !paused.empty(); }
};

/// What `status` shows of a route.
struct RouteFigures {
  enum class State { idle, flowing, paused, stalled, down };  ///< what needs a person's eye wins: the later, the worse
  State state = State::idle;
  std::string detail;
  std::size_t in_flight = 0;
  RouteTotals totals;
};

}  // namespace waybill::relay
