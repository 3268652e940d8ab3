#pragma once

/// \file
/// The headers that are Waybill's own on every wire. A user's header of the same name does not travel.

#include <algorithm>
#include <array>
#include <string_view>

#include "broker/publisher.hpp"

namespace waybill::broker {

inline constexpr std::string_view attempt_header = "waybill-attempt";            ///< 1 for the first
inline constexpr std::string_view key_header = "waybill-key";                    ///< the message's key, if it has one
inline constexpr std::string_view persisted_at_header = "waybill-persisted-at";  ///< Unix ms, unless the id tells it
inline constexpr std::string_view topic_header = "waybill-topic";                ///< unless the destination tells it
inline constexpr std::string_view id_header = "waybill-id";  ///< where the wire has no field for the message's id

inline bool is_own_header(std::string_view name) {
  constexpr std::array own{attempt_header, key_header, persisted_at_header, topic_header, id_header};
  return name.starts_with("waybill-") && std::find(own.begin(), own.end(), name) != own.end();
}

/// Calls `add(name, value)` for each header of the user's and of the route's layout, whose own come instead of the
/// user's.
template <class Add>
void for_each_user_header(const Outgoing& outgoing, const Add& add) {
  for (const auto& [name, value] : outgoing.message->headers) {
    if (!is_own_header(name) && outgoing.layout.count(name) == 0) add(name, value);
  }
  for (const auto& [name, value] : outgoing.layout) add(name, value);
}

}  // namespace waybill::broker
