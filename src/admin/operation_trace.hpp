#pragma once

#include <string>
#include <vector>

#include "admin/operation.hpp"

namespace waybill::admin {

/// What an operation leaves in the history of each message that it changes, and how that is found again.
class OperationTrace {
 public:
  OperationTrace(store::Store& store, const Operation& operation);

  /// What stands in the history.
  const std::string& remark() const { return remark_; }

  enum class Found {
    as_before,  ///< nobody has changed it
    changed_by_us,
    changed_by_another,
    gone,  ///< it has left the store: confirmed, or dropped by the route
  };
  Result<Found> look_up(const std::string& id);

  /// Of messages that were to be changed and of which `changed` were: whether each was. Asks the store only when they
  /// were not all.
  Result<std::vector<bool>> changed_by_us(const std::vector<std::string>& ids, std::uint64_t changed);

  /// Whether it is in the retry table in this state.
  Result<bool> is_in(const std::string& state, const std::string& id);

 private:
  Result<bool> has_remark(const std::string& id);

  store::Store& store_;
  const std::string remark_;
  const std::string state_before_;
};

}  // namespace waybill::admin
