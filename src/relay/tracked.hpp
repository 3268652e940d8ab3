#pragma once

/// \file
/// The messages that the engine holds in memory, and how they are found again by tag.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"
#include "relay/route_table.hpp"
#include "store/store.hpp"

namespace waybill::relay {

using broker::Tag;

/// A connection ended while one message stood alone in flight.
struct LoneEnd {
  std::string words;
  bool named = false;  ///< the broker gave what it was sent as the reason, not its own state
};

/// One message between its fetch and its settlement.
struct Tracked {
  store::Ticket ticket;
  store::Origin origin = store::Origin::fresh;
  std::shared_ptr<const Message> message;
  RouteIndex route = 0;
  bool routed = true;              ///< false: no route matches, it only waits to be settled as failed
  store::Scope scope;              ///< the sequence it belongs to; route empty: none
  std::int64_t stored_at_ms = 0;   ///< store's wall clock; for the consumers and for figures
  MonoTime published_at{};         ///< last
  std::uint64_t order = 0;         ///< the order in which it was handed out, to queue it again at its place
  std::uint32_t publications = 0;  ///< publications so far that may have reached the broker
  std::uint32_t tries = 0;         ///< counted tries without an ack
  bool in_flight = false;
  bool doubt = false;    ///< the broker may have taken it already
  bool suspect = false;  ///< the connection died while it stood alone: it goes out alone from now on
  std::string defect;    ///< why it can't be published; it fails when its turn comes
  std::string defect_reason;
  std::string answer;             ///< the last thing said about it
  std::optional<LoneEnd> blamed;  ///< for the end of a connection, while it was in flight again on the next

  bool is_sequenced() const { return !scope.route.empty(); }
};

/// Tracked messages in slots that are used again; a tag of a slot's former message is not found.
class TrackedSet {
 public:
  Tag add(Tracked tracked) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    auto& entry = slots_[slot];
    ++entry.generation;
    entry.used = true;
    bytes_ += tracked.message->payload.size();
    entry.tracked = std::move(tracked);
    ++count_;
    return Tag{(std::uint64_t{entry.generation} << 32) | slot};
  }

  /// Null when the tag's message is no longer tracked. Valid until the next add() or remove().
  Tracked* find(Tag tag) {
    const auto slot = static_cast<std::size_t>(tag.value & 0xffff'ffffU);
    if (slot >= slots_.size()) return nullptr;
    auto& entry = slots_[slot];
    if (!entry.used || entry.generation != tag.value >> 32) return nullptr;
    return &entry.tracked;
  }

  void remove(Tag tag) {
    const auto slot = static_cast<std::uint32_t>(tag.value & 0xffff'ffffU);
    auto& entry = slots_[slot];
    bytes_ -= entry.tracked.message->payload.size();
    entry.tracked = Tracked{};
    entry.used = false;
    free_.push_back(slot);
    --count_;
  }

  /// Forgets every message; tags handed out before stay unknown for ever.
  void clear() {
    free_.clear();
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      slots_[slot].tracked = Tracked{};
      slots_[slot].used = false;
      free_.push_back(slot);
    }
    count_ = 0;
    bytes_ = 0;
  }

  template <class Predicate>
  bool any(Predicate holds) const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [&](const Slot& slot) { return slot.used && holds(slot.tracked); });
  }

  template <class Predicate>
  std::vector<Tag> collect(Predicate holds) const {
    std::vector<Tag> tags;
    for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
      const Slot& one = slots_[slot];
      if (one.used && holds(one.tracked)) tags.push_back(Tag{(std::uint64_t{one.generation} << 32) | slot});
    }
    return tags;
  }

  std::size_t count() const { return count_; }
  std::size_t bytes() const { return bytes_; }  ///< of payload

 private:
  struct Slot {
    Tracked tracked;
    std::uint32_t generation = 0;
    bool used = false;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace waybill::relay
