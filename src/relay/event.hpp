#pragma once

/// \file
/// What the delivery engine is told and what it asks for. Plain values: the loop and the simulation speak nothing else.

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "broker/publisher.hpp"
#include "store/store.hpp"

namespace waybill::relay {

/// Which of the configuration's brokers, by position.
struct BrokerIndex {
  std::size_t value = 0;
  friend auto operator<=>(const BrokerIndex&, const BrokerIndex&) = default;
};

// ---- events ----

/// The lane is ours from now on.
struct LaneOpened {
  store::LaneState state;
};
/// The lane is not ours any more, or its store failed in the middle of a call: forget everything; the next owner
/// (perhaps we ourselves) finds in the store what was settled.
struct LaneLost {};
/// Answer to FetchFresh, also when nothing was there. Proves that the store still knows us as the owner.
struct FreshFetched {
  store::Fetched fetched;
};
/// Answer to FetchDue.
struct RetriesDue {
  store::Due due;
};
/// Answer to FetchBacklog.
struct BacklogFetched {
  store::Scope scope;
  store::Fetched fetched;
};
/// Answer to FetchSetAside.
struct SetAsideFetched {
  std::size_t route = 0;
  store::Fetched fetched;
};
/// Answer to Settle: it is durable.
struct Settled {
  store::SettleReport report;
};
/// Answer to MarkSuspect: it is durable.
struct SuspectMarked {};
struct BrokerUp {
  BrokerIndex broker;
  std::string endpoint;
};
struct BrokerDown {
  BrokerIndex broker;
  broker::DownCause cause = broker::DownCause::lost;
  std::string reason;
};
struct BrokerBlocked {
  BrokerIndex broker;
  bool blocked = false;
  std::string reason;
};
struct OutcomesArrived {
  BrokerIndex broker;
  std::vector<broker::Outcome> outcomes;
};
/// Which routes a person holds back: nothing of them goes out, and nothing is counted against their messages.
struct RoutesPaused {
  std::vector<std::string> why;  ///< in the configuration's order; empty: it flows
};
/// Fetch and publish nothing more; settle what comes back.
struct StopRequested {};
/// Nothing happened, time went by.
struct Tick {};

using Event = std::variant<LaneOpened, LaneLost, FreshFetched, RetriesDue, BacklogFetched, SetAsideFetched, Settled,
                           SuspectMarked, BrokerUp, BrokerDown, BrokerBlocked, OutcomesArrived, RoutesPaused,
                           StopRequested, Tick>;

// ---- actions ----

struct FetchFresh {
  store::FetchLimit limit;
  bool wait = false;  ///< the last fetch found nothing more: wait for news first
};
struct FetchDue {
  LaneTime now;
  store::FetchLimit limit;
};
struct FetchBacklog {
  store::Scope scope;
  store::FetchLimit limit;
};
struct FetchSetAside {
  std::size_t route = 0;  ///< which of the configuration's routes, by position
  std::string topic;      ///< as it names the route in the store
  store::FetchLimit limit;
};
struct Settle {
  store::SettleBatch batch;
};
struct MarkSuspect {
  store::Ticket ticket;
};
struct Publish {
  BrokerIndex broker;
  std::vector<broker::Outgoing> messages;
};

using Action = std::variant<FetchFresh, FetchDue, FetchBacklog, FetchSetAside, Settle, MarkSuspect, Publish>;
using Actions = std::vector<Action>;

}  // namespace waybill::relay
