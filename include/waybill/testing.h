#pragma once

/// \file
/// For a service's own tests: what it sends reaches its consumers' code at once, without a relay, a broker or a wait,
/// and as often as a test wants. Compiles as C++17, 20 and 23. Link `waybill::testing`, in tests only.

#include <cstddef>
#include <functional>
#include <string>

#include "waybill/consumer.h"
#include "waybill/result.h"

namespace waybill::testing {

/// Creates Waybill's tables in a test's database, as `waybill migrate` does. Does nothing when they are there.
/// `store_url` as in the configuration: `sqlite:///path/shop.db`, `postgresql://user:password@host/database`. Blocks.
/// Errors: `invalid_argument` (a malformed URL, an unknown scheme), `unreachable`, `unauthorized`, `older_schema`,
/// `newer_schema`.
Status make_tables(const std::string& store_url);

/// How the messages come.
struct Deliveries {
  /// Each message comes so often, the later ones with a higher `attempt`, as after a lost confirm. 2 or more shows
  /// whether a consumer is idempotent.
  unsigned copies = 1;
};

using Consume = std::function<void(const Delivery&)>;

/// Plays relay and broker for one store: hands every message that is committed and due to `consume`, in the order of
/// the outbox and on the caller's thread, then removes it. Ignores routes; leaves alone what has failed or waits for
/// its `not_before`. Gives the number of messages. Blocks; a message that `consume` commits meanwhile comes too. An
/// exception of `consume` passes through; its message stays and comes again next time. Errors: `busy` when a relay
/// works on the store, `missing_schema`, and those of make_tables().
Result<std::size_t> deliver_all(const std::string& store_url, const Consume& consume, Deliveries deliveries = {});

}  // namespace waybill::testing
