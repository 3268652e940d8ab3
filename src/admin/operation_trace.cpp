#include "admin/operation_trace.hpp"

#include <algorithm>

namespace waybill::admin {
namespace {

std::string remark_of(const Operation& operation) {
  return "operation " + operation.id + (operation.order.why.empty() ? "" : ": " + operation.order.why);
}

}  // namespace

OperationTrace::OperationTrace(store::Store& store, const Operation& operation)
    : store_(store), remark_(remark_of(operation)), state_before_(state_before(operation.order.act)) {}

// To locate a message that is gone would search the whole outbox, so the retry table is asked first.
Result<OperationTrace::Found> OperationTrace::look_up(const std::string& id) {
  for (const std::string state : {"sending", "failed", "dropped"}) {
    const auto there = is_in(state, id);
    if (!there) return there.error();
    if (!*there) continue;
    const auto ours = has_remark(id);
    if (!ours) return ours.error();
    if (*ours) return Found::changed_by_us;
    return state == state_before_ ? Found::as_before : Found::changed_by_another;
  }
  return Found::gone;
}

Result<std::vector<bool>> OperationTrace::changed_by_us(const std::vector<std::string>& ids, std::uint64_t changed) {
  std::vector<bool> ours(ids.size(), changed == ids.size());
  if (changed == ids.size()) return ours;
  std::vector<std::size_t> gone;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = look_up(ids[i]);
    if (!found) return found.error();
    ours[i] = *found == Found::changed_by_us;
    if (ours[i]) --changed;
    if (*found == Found::gone) gone.push_back(i);
  }
  for (const auto i : gone) {
    if (changed == 0 || changed == gone.size()) {
      ours[i] = changed != 0;
      continue;
    }
    const auto is_ours = has_remark(ids[i]);
    if (!is_ours) return is_ours.error();
    ours[i] = *is_ours;
  }
  return ours;
}

Result<bool> OperationTrace::is_in(const std::string& state, const std::string& id) {
  store::FailedFilter filter;
  filter.id = id;
  filter.state = state;
  filter.limit = 1;
  filter.payloads = false;
  auto found = store_.troubled(filter);
  if (!found) return found.error();
  return !found->empty();
}

Result<bool> OperationTrace::has_remark(const std::string& id) {
  const auto where = store_.locate(MessageId(id));
  if (!where) return where.error();
  return std::ranges::any_of(where->history, [&](const store::Attempt& one) { return one.answer == remark_; });
}

}  // namespace waybill::admin
