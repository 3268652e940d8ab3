#pragma once

/// \file
/// What a relay's log says of single messages.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace waybill::relay {

/// A message that did not go the usual way. No payload, no key, and of its headers the trace alone.
struct Incident {
  enum class Kind { failed, dropped, retried };
  Kind kind = Kind::failed;
  std::string id, topic;
  std::string route;  ///< empty: none matches
  std::string reason, answer;
  std::uint32_t tries = 0;  ///< counted without an ack
  std::string trace_id;     ///< of its service's trace, or empty
};

std::string_view to_string(Incident::Kind kind) noexcept;
/// The level at which it is logged: `warn` for what a person has to look at.
std::string_view level_of(const Incident& incident) noexcept;
/// `message 'a-1' (orders.stray) failed: unroutable: 312 NO_ROUTE`
std::string in_words(const Incident& incident);

/// Incidents since they were last taken, so many a second at most: a burst fills no disk. The others are counted.
class Incidents {
 public:
  struct Taken {
    std::vector<Incident> incidents;
    std::uint64_t left_out = 0;  ///< in a second that is over
  };
  /// Whether one more has a place; counts it when it has none.
  bool has_place(MonoTime now) {
    if (is_over(now)) {
      close_second();
      second_ = now;
    }
    if (in_second_ >= most_a_second) {
      ++left_out_;
      return false;
    }
    ++in_second_;
    return true;
  }
  void keep(Incident incident) { kept_.push_back(std::move(incident)); }
  Taken take(MonoTime now) {
    if (is_over(now)) close_second();
    return {std::exchange(kept_, {}), std::exchange(to_tell_, 0)};
  }

 private:
  static constexpr std::uint32_t most_a_second = 10;

  bool is_over(MonoTime now) const { return now - second_ >= std::chrono::seconds{1}; }
  void close_second() {
    in_second_ = 0;
    to_tell_ += std::exchange(left_out_, 0);
  }

  std::vector<Incident> kept_;
  MonoTime second_{};
  std::uint32_t in_second_ = 0;
  std::uint64_t left_out_ = 0;  // in this second
  std::uint64_t to_tell_ = 0;   // in those that are over
};

}  // namespace waybill::relay
