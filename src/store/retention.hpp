#pragma once

namespace waybill::store {

/// How long a store keeps what nobody waits for any more: messages that a person dropped, the history of messages that
/// have left, operations that nobody changes, the last figures of relays that have ended (one day).
inline constexpr int days_kept = 30;

}  // namespace waybill::store
