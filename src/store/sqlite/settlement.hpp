#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/connection.hpp"
#include "store/sqlite/lane.hpp"
#include "store/store.hpp"

namespace waybill::sqlite {

/// Writes one settle batch inside a transaction that the caller has begun and will commit.
class SettlementWriter {
 public:
  struct Owner {
    std::string_view holder;
    std::int64_t formerly_claimed = 0;  ///< rows up to here may have been sent by an owner before this one
    LaneTime now{};
  };

  SettlementWriter(Connection& connection, BlockedScopes& scopes, Owner owner);

  Status change_scope(const store::ScopeChange& change);
  Status settle(const store::Settlement& settlement);
  /// Deletes the outbox rows that the settlements so far have done with: neighbours together.
  Status delete_settled();

 private:
  Status remove(const store::Settlement& settlement);
  Status keep(const store::Settlement& settlement, std::string_view state, std::int64_t due_ms);
  Status park(const store::Settlement& settlement);
  /// True unless somebody deleted the row by hand.
  Result<bool> update_retry(const store::Settlement& settlement, std::string_view state, std::int64_t due_ms);
  Status remember(const store::Settlement& settlement, std::string_view table, std::string_view outcome);
  Status delete_range(std::int64_t first, std::int64_t last);

  Connection& connection_;
  BlockedScopes& scopes_;
  Owner owner_;
  std::int64_t now_ms_;
  std::vector<std::int64_t> settled_;
  bool was_parked_ = false;
};

}  // namespace waybill::sqlite
