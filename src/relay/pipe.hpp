#pragma once

/// \file
/// One broker connection as the engine sees it: whether it can take messages, and how many at a time.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"
#include "core/time.hpp"
#include "relay/tracked.hpp"

namespace waybill::relay {

/// The window of one broker. Full after a good start; after a connection was lost with messages in flight it begins
/// again at one and doubles with each round of confirms, so that a message that kills connections soon stands alone.
class Pipe {
 public:
  explicit Pipe(std::uint32_t full_window) : full_(full_window), window_(full_window) {}

  bool is_up() const { return up_; }
  bool is_blocked() const { return blocked_; }
  std::size_t in_flight() const { return in_flight_; }
  const std::string& endpoint() const { return endpoint_; }
  const std::string& detail() const { return detail_; }
  std::uint32_t window() const { return window_; }
  /// How many messages the broker has taken or refused in good order.
  std::uint64_t answers() const { return answers_; }

  /// How many more messages may be published now.
  std::size_t room() const {
    if (!up_ || blocked_ || alone_ || reserved_) return 0;
    return in_flight_ >= window_ ? 0 : window_ - in_flight_;
  }
  /// Whether a message may go out that must be the only one in flight.
  bool has_room_for_one_alone() const { return up_ && !blocked_ && in_flight_ == 0; }

  /// Lets the pipe run empty for a message of this route that must go out alone.
  void reserve(RouteIndex route) { reserved_ = route; }
  /// The route the empty pipe is reserved for, once.
  std::optional<RouteIndex> take_reservation() {
    if (!has_room_for_one_alone()) return std::nullopt;
    return std::exchange(reserved_, std::nullopt);
  }

  /// AMQP's basic.return names a message by its id only: the same id must not be in flight twice.
  bool has_in_flight(std::string_view id) const { return ids_.count(id) != 0; }

  /// `id` must stay valid until answered().
  void published(std::string_view id) {
    ++in_flight_;
    ids_.insert(id);
  }
  void published_alone(Tag tag, std::string_view id) {
    published(id);
    alone_ = tag;
  }
  /// The message's outcome has arrived, whatever it is.
  void answered(Tag tag, std::string_view id) {
    --in_flight_;
    ids_.erase(id);
    if (alone_ == tag) alone_.reset();
  }
  /// The broker took or refused a message in good order: it is healthy, the window grows.
  void healthy() {
    ++answers_;
    lost_.clear();
    if (window_ < full_) ++window_;
  }
  /// A message's answer was lost with the connection.
  void lost(Tag tag) { lost_.push_back(tag); }

  void up(std::string endpoint) {
    up_ = true;
    blocked_ = false;
    endpoint_ = std::move(endpoint);
    detail_.clear();
  }
  void blocked(bool blocked, std::string reason) {
    blocked_ = blocked;
    detail_ = std::move(reason);
  }
  /// A message came back unsent: there is no connection, though nobody has said so yet.
  void closed() { up_ = false; }
  void restart_window() { window_ = 1; }

  /// The connection ended. Gives the message that was in flight alone, if exactly one was.
  std::optional<Tag> down(std::string reason) {
    up_ = false;
    blocked_ = false;
    detail_ = std::move(reason);
    std::optional<Tag> lone;
    if (!lost_.empty()) restart_window();
    // One that went out again on a channel that reopened is lost twice, and was alone all the same.
    const bool one = std::all_of(lost_.begin(), lost_.end(), [this](Tag tag) { return tag == lost_.front(); });
    if (!lost_.empty() && one) lone = lost_.front();
    lost_.clear();
    return lone;
  }

  /// Nothing handed over before counts any more (a new connection serves the lane).
  void reset() {
    up_ = false;
    blocked_ = false;
    in_flight_ = 0;
    ids_.clear();
    alone_.reset();
    reserved_.reset();
    lost_.clear();
  }

 private:
  std::uint32_t full_;
  std::uint32_t window_;
  std::uint64_t answers_ = 0;
  bool up_ = false;
  bool blocked_ = false;
  std::size_t in_flight_ = 0;
  std::unordered_set<std::string_view> ids_;  // in flight
  std::optional<Tag> alone_;
  std::optional<RouteIndex> reserved_;
  std::vector<Tag> lost_;  // since the connection was last up
  std::string endpoint_;
  std::string detail_;
};

}  // namespace waybill::relay
