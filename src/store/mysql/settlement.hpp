#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/mysql/lane.hpp"

namespace waybill::mysql {

/// Writes one settle batch inside a transaction that the caller has begun and will commit.
class SettlementWriter {
 public:
  struct Owner {
    std::string_view holder;
    Seq formerly_claimed = 0;  ///< rows up to here may have been sent by an owner before this one
    LaneTime now{};
  };

  SettlementWriter(Connection& connection, BlockedScopes& scopes, Owner owner);

  Status change_scope(const store::ScopeChange& change);
  Status settle(const store::Settlement& settlement);
  /// Deletes the outbox rows that the settlements so far have done with.
  Status delete_settled();

 private:
  Status remove(const store::Settlement& settlement);
  Status keep(const store::Settlement& settlement, std::string_view state, std::int64_t due_ms);
  Status park(const store::Settlement& settlement);
  Status delete_some(const std::string& table, std::span<const Seq> seqs);
  Status remember(const store::Settlement& settlement, const char* table, std::string_view outcome);

  Connection& connection_;
  BlockedScopes& scopes_;
  Owner owner_;
  std::int64_t now_ms_;
  std::vector<Seq> settled_;
  bool was_parked_ = false;
};

}  // namespace waybill::mysql
