#pragma once

/// \file
/// The fixture of the store contract suite: every test runs against every store. Tests that need two writers at once
/// run where there can be two.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "store_rig.hpp"

namespace waybill::contract {

using store::Claimed;
using store::Origin;
using store::Scope;
using store::ScopeChange;
using store::SettleBatch;
using store::Settlement;
using store::Ticket;
using store::Verdict;
using Claims = std::vector<Claimed>;

class StoreContract : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override { rig_ = make_store_rig(GetParam()); }

  store::Store& store() { return rig_->store(); }
  StoreRig& rig() { return *rig_; }

  /// Commits one transaction of a service; payloads are "1", "2" and so on.
  void send(int count, const std::optional<std::string>& key = std::nullopt,
            const std::string& topic = "orders.created");
  void send_row(const ServiceRow& row);

  std::unique_ptr<store::Lane> acquire();
  /// Destroys the owner's object without a clean stop, as a killed process leaves the lane, and takes it again.
  void take_over(std::unique_ptr<store::Lane>& lane);
  void stop_cleanly(std::unique_ptr<store::Lane>& lane);

  /// Fetches until that many came, or until a deadline; then makes sure that there are not more.
  Claims fetch(store::Lane& lane, std::size_t count);
  Claims fetch_some(store::Lane& lane, std::size_t at_most);
  Claims due(store::Lane& lane, std::int64_t now_ms);
  Claims backlog(store::Lane& lane, const Scope& scope);
  /// All of them, in portions of `at_once`.
  Claims set_aside(store::Lane& lane, const std::string& route, std::size_t at_once = 1000);

  Settlement verdict(const Claimed& claimed, Verdict verdict) const;
  Settlement confirmed(const Claimed& claimed) const { return verdict(claimed, Verdict::confirmed); }
  Settlement retry(const Claimed& claimed, std::int64_t due_ms, bool blocks = false) const;
  /// Set aside unsent, for the route `orders.*`.
  Settlement put_aside(const Claimed& claimed, std::int64_t due_ms) const;
  Settlement failed(const Claimed& claimed, const std::string& reason = "rejected",
                    const std::string& answer = "no") const;
  store::SettleReport settle(store::Lane& lane, std::vector<Settlement> messages, std::vector<ScopeChange> scopes = {},
                             std::int64_t now_ms = 0);
  void confirm(store::Lane& lane, const Claims& claims);

  std::uint64_t count_sending();
  std::uint64_t count_failed();
  std::vector<store::Troubled> troubled(const store::FailedFilter& filter = {});

  static std::vector<std::string> payloads(const Claims& claims);
  static std::vector<std::uint32_t> attempts(const Claims& claims);

 private:
  std::unique_ptr<StoreRig> rig_;
};

/// For stores that can have two open transactions that both have written.
class ConcurrentStoreContract : public StoreContract {};

/// By this host's clock.
std::int64_t unix_ms_now();

/// `{"1", "2", ...}`
std::vector<std::string> numbers(int count);

}  // namespace waybill::contract
