#pragma once

namespace waybill::store {

/// How long a store keeps what nobody waits for any more: messages that a person dropped, the history of messages that
/// have left, operations that nobody changes, the last figures of relays that have ended (one day).
inline constexpr int days_kept = 30;

/// Of those last figures no more than so many, the newest: whoever asks for the status reads them all, and a relay that
/// dies and is started again every few seconds leaves one for each of its lanes each time.
inline constexpr int reports_kept = 1000;

}  // namespace waybill::store
