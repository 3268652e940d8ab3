#pragma once

/// \file
/// What has been decided and is not yet on its way to the store.

#include <cstddef>
#include <utility>

#include "core/time.hpp"
#include "store/store.hpp"

namespace waybill::relay {

/// Collects settlements so that one transaction carries many. Not thread-safe.
class SettleBuffer {
 public:
  /// `urgent`: a person or another message waits for it (a retry, a failure, a blocked key).
  void add(store::Settlement settlement, MonoTime now, bool urgent) {
    touch(now, urgent);
    batch_.messages.push_back(std::move(settlement));
  }
  void add(store::ScopeChange change, MonoTime now) {
    touch(now, true);
    batch_.scopes.push_back(std::move(change));
  }

  bool empty() const { return batch_.messages.empty() && batch_.scopes.empty(); }
  std::size_t size() const { return batch_.messages.size(); }
  bool urgent() const { return urgent_; }
  MonoTime oldest() const { return oldest_; }

  store::SettleBatch take() {
    urgent_ = false;
    return std::exchange(batch_, {});
  }
  void clear() { take(); }

 private:
  void touch(MonoTime now, bool urgent) {
    if (empty()) oldest_ = now;
    urgent_ = urgent_ || urgent;
  }

  store::SettleBatch batch_;
  MonoTime oldest_{};
  bool urgent_ = false;
};

}  // namespace waybill::relay
