#include "admin/deed.hpp"

#include "core/uuid.hpp"

namespace waybill::admin {

Result<Operation> begin_deed(store::Store& store, const Deed& deed, const std::string& note) {
  OperationOrder order;
  order.deed = deed.act;
  order.subject = deed.subject;
  order.filters = {deed.about};
  order.who = deed.who;
  order.why = deed.why;
  order.from = deed.from;
  OperationProgress progress;
  progress.state = OperationState::running;
  progress.expected = 1;
  progress.note = note;
  const auto id = make_uuid7();
  if (auto added = store.add_operation(id, document_of(order, progress)); !added) return added.error();
  return read_operation(store, id);
}

Result<Operation> end_deed(store::Store& store, const Operation& operation,
                           const std::vector<store::OperationResult>& results, const std::string& failure) {
  auto progress = operation.progress;
  progress.state = failure.empty() ? OperationState::done : OperationState::stopped;
  progress.note = failure;
  progress.looked_at = 1;
  progress.changed = failure.empty() ? 1 : 0;
  progress.left_alone = failure.empty() ? 0 : 1;
  const auto document = document_of(operation.order, progress);
  if (auto changed = store.change_operation(operation.id, operation.revision, document, results); !changed) {
    return changed.error();
  }
  return read_operation(store, operation.id);
}

Status record_deed(store::Store& store, const Deed& deed) {
  const auto begun = begin_deed(store, deed, "");
  const auto ended = begun ? end_deed(store, *begun, {}, "") : begun;
  return ended ? Status{} : Status{ended.error()};
}

Status record_where_kept(store::Store& store, const Deed& deed) {
  const auto schema = store.schema();
  if (!schema) return schema.error();
  return *schema == store::SchemaState::missing ? Status{} : record_deed(store, deed);
}

}  // namespace waybill::admin
