#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "relay/figures.hpp"
#include "relay/outlets.hpp"
#include "waybill/result.h"

namespace waybill::relay {

/// Every lane of every configured store, worked on by this process as far as other relays leave them to it.
/// All functions are thread-safe.
class Service {
 public:
  /// Checks the tables of every reachable store and starts the threads. Errors: `missing_schema`, `older_schema`,
  /// `newer_schema`, `moved_store`, `unsupported` (a transaction pooler, a standby). A store or broker that can't be
  /// reached is no error: it is logged and tried again.
  static Result<std::unique_ptr<Service>> start(const Config& config, Outlets outlets);

  virtual ~Service() = default;

  /// Stops fetching, waits for open confirms up to `limit`, settles, ends the threads. True when nothing was left in
  /// doubt. Blocks at most about `limit`.
  virtual bool stop(Duration limit) = 0;

  /// True when nothing is left to send: outboxes and retries that are still *sending* are empty and settled. Failed
  /// messages, and messages that wait behind a failed one, do not count.
  virtual bool drained() const = 0;

  /// What is going on, a fifth of a second ago at most; a store each.
  virtual std::vector<SiteFigures> figures() const = 0;

  /// An error that neither waiting nor `waybill migrate` will mend (the tables were upgraded under the running relay,
  /// the store is another one now), if one happened.
  virtual std::optional<Error> fatal() const = 0;
};

}  // namespace waybill::relay
