#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "admin/audit.hpp"
#include "admin/json.hpp"
#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// A message as `failed list` and `failed show` give it. The payload is `payload` when it is UTF-8 text, else
/// `payload_base64`; it is left out of lists.
Json troubled_json(const store::Troubled& troubled, bool with_payload);
Json attempt_json(const store::Attempt& attempt);

/// How many messages of one route failed for one reason.
struct FailedCount {
  std::string store, route, reason;
  std::uint64_t count = 0;
};

/// Over all stores, largest first in each; a store that can't be read is left out.
std::vector<FailedCount> count_failed(std::span<const std::unique_ptr<store::Store>> stores);

/// What a bulk act on failed messages would do.
struct BulkPlan {
  std::uint64_t count = 0;                            ///< how many it would touch
  std::map<std::string, std::uint64_t> destinations;  ///< resend: `broker main, exchange shop` -> how many
  store::Ticket last;                                 ///< of all that was looked at
  std::uint64_t consumed = 0;                         ///< resend: left out, since consumers have done them
  std::map<std::string, std::uint64_t> hopeless;      ///< resend: why they can't go -> how many
};

enum class BulkAct { resend, drop, restore };
std::string_view to_string(BulkAct act) noexcept;
/// `resent`, `dropped`, `restored`.
std::string_view past_of(BulkAct act) noexcept;

/// Called now and then with how many messages were looked at or acted on.
using Progress = std::function<void(std::uint64_t done)>;

/// Hands out what the filters select, without payloads, read page by page. Their state is set by the act: failed, or
/// dropped for `restore`.
Status each_selected(store::Store& store, std::span<const store::FailedFilter> filters, BulkAct act,
                     const std::function<void(const store::Troubled&)>& take);

/// What the filters select. With `is_consumed`, what consumers have done is left out.
Result<BulkPlan> plan_bulk(store::Store& store, const Config& config, std::span<const store::FailedFilter> filters,
                           BulkAct act, const IsConsumed& is_consumed, const Progress& progress);

/// The state that messages have before the act.
std::string_view state_before(BulkAct act) noexcept;

/// Performs one slice of a plan. Gives how many were changed: those somebody else changed meanwhile are not counted.
Result<std::uint64_t> perform_bulk(store::Store& store, std::span<const store::Ticket> tickets, BulkAct act,
                                   const std::string& who, const std::string& why);

/// Why a failed message would fail again, empty when it may go.
std::string hopeless_reason(const Config& config, const store::Troubled& troubled);

}  // namespace waybill::admin
