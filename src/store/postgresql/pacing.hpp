#pragma once

#include <chrono>

#include "core/time.hpp"
#include "store/postgresql/progress.hpp"

namespace waybill::postgresql {

/// How far beyond what was handed out a lane claims, so that most fetches need no write of their own: a few fetches of the
/// present size, between these bounds. After a crash so many messages are flagged as possibly sent although they were not.
inline constexpr Seq least_claim_ahead = 64;
inline constexpr Seq most_claim_ahead = 4000;
inline constexpr Seq fetches_claimed_ahead = 8;

/// How often a lane looks at the outbox: often while there is news, then ever less often, at last only when woken. A look
/// costs the server some 40 us, an insert with its commit 150 to 300 us: at 500 messages a second more looks would cost
/// more than a quarter of the inserts, and save less than half a millisecond.
inline constexpr Duration shortest_pause = std::chrono::milliseconds{2};
/// So many looks in a row without news are normal between two messages.
inline constexpr int looks_before_slowing = 6;
inline constexpr Duration longest_pause = std::chrono::milliseconds{20};
/// A sleeping lane looks so often although nobody woke it: it proves that it still owns the lane.
inline constexpr Duration safety_pause = std::chrono::seconds{1};
/// How long rows wait for their commits to be flushed by others before the lane has it done.
inline constexpr Duration flush_patience = std::chrono::milliseconds{2};

}  // namespace waybill::postgresql
