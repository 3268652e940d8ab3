#pragma once

#include <chrono>

#include "core/time.hpp"
#include "store/postgresql/progress.hpp"

namespace waybill::postgresql {

/// How far beyond what was handed out a lane claims, so that most fetches need no write of their own: a few fetches of
/// the present size, between these bounds. After a crash so many messages are flagged as possibly sent although they
/// were not.
inline constexpr Seq least_claim_ahead = 64;
inline constexpr Seq most_claim_ahead = 4000;
inline constexpr Seq fetches_claimed_ahead = 8;

/// How often a lane looks at the outbox: often while there is news, then ever less often, at last only when woken.
/// Measured at 500 inserts a second: the server spends 310 us on an insert with its commit and 130 us on a look, three
/// times what each costs in a tight loop. So 400 looks a second are a third of what the inserts cost, and add 1.25 ms
/// on average.
inline constexpr Duration shortest_pause = std::chrono::microseconds{2500};
/// So many looks in a row without news are normal between two messages.
inline constexpr int looks_before_slowing = 6;
inline constexpr Duration longest_pause = std::chrono::milliseconds{20};
/// A sleeping lane looks so often although nobody woke it: it proves that it still owns the lane.
inline constexpr Duration safety_pause = std::chrono::seconds{1};
/// How long rows wait for their commits to be flushed by others before the lane has it done.
inline constexpr Duration flush_patience = std::chrono::milliseconds{2};
/// Between two questions how far it is.
inline constexpr Duration flush_pause = std::chrono::microseconds{600};

}  // namespace waybill::postgresql
