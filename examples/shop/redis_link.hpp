#pragma once

/// \file
/// A service's own connection to Redis, opened when it is needed and again when it was lost. Used by one thread.

#include <cstdint>
#include <memory>
#include <string>

#include "waybill/result.h"

struct redisContext;

namespace shop {

class RedisLink {
 public:
  /// `redis://:password@host:port/database`; nothing is connected yet. Errors: `invalid_argument`.
  static waybill::Result<RedisLink> of(const std::string& url);

  /// Errors: `unreachable`, `unauthorized`.
  waybill::Result<redisContext*> open();

  /// What came of a call: a lost connection is given up, and the error becomes one that is tried again, since each of
  /// Waybill's functions may be called again with the same mark.
  waybill::Error lost(const waybill::Error& error);

 private:
  struct Free {
    void operator()(redisContext* connection) const;
  };

  waybill::Status log_in();

  std::string host_, password_;
  int port_ = 6379, database_ = 0;
  std::unique_ptr<redisContext, Free> connection_;
};

}  // namespace shop
