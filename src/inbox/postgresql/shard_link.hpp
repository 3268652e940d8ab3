#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "inbox/postgresql/query.hpp"
#include "waybill/result.h"

namespace waybill::inbox::postgresql {

/// Our own connection to one shard: opened by the first call, again after it was lost. What is committed on it is
/// durable, and no lock is waited for longer than 5 s.
class ShardLink {
 public:
  ShardLink(std::string name, std::string url) : name_(std::move(name)), url_(std::move(url)) {}

  const std::string& name() const noexcept { return name_; }
  /// The connection, or why there is none. Blocks for 5 s at most.
  Result<PGconn*> connection();
  /// One statement in a transaction of its own. Tried once more on a new connection when the old one was lost: for
  /// statements only that may be run twice.
  Result<Rows> run(const char* sql, const std::vector<Value>& values, std::string_view doing);

 private:
  struct Finisher {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  Status open();

  std::string name_, url_;
  std::unique_ptr<PGconn, Finisher> connection_;
};

}  // namespace waybill::inbox::postgresql
