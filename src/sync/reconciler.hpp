#pragma once

/// \file
/// Settles what a crash left between Redis and SQL: reservations of the guard "both or neither" that nobody completed
/// or released. SQL decides.

#include <cstdint>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "store/redis/connection.hpp"
#include "sync/database.hpp"

namespace waybill::sync {

struct Reconciled {
  std::uint64_t completed = 0;  ///< SQL had committed: done in Redis too
  std::uint64_t released = 0;   ///< SQL had not, and never will for this attempt: undone in Redis
};

/// Marks the attempt in SQL in a transaction of its own. A transaction that is still open and has marked it is waited
/// for; one that was only asleep finds it marked when it wakes, and can't commit. So afterwards the answer is final.
class Reconciler {
 public:
  static Result<Reconciler> open(const StoreConfig& redis, const StoreConfig& sql, const std::string& key);

  /// The hash tags that have reservations on this server. Looks through all of its keys, a thousand at a time.
  Result<std::vector<std::string>> tags();
  /// Settles the reservations of one tag that are older than that.
  Result<Reconciled> settle(const std::string& tag, Duration age);

 private:
  Reconciler(redis::Connection redis, std::unique_ptr<Database> sql) : redis_(std::move(redis)), sql_(std::move(sql)) {}
  /// True when nobody had marked it.
  Result<bool> mark(const std::string& attempt);
  Result<bool> settle_one(const std::string& tag, redis::Reply reservation);

  redis::Connection redis_;
  std::unique_ptr<Database> sql_;
};

}  // namespace waybill::sync
