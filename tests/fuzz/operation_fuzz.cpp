// The document of an operation, as a store gives it back. What is read can be written and read again.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "admin/operation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  waybill::store::OperationRecord record;
  record.id = "op";
  record.document.assign(reinterpret_cast<const char*>(data), size);
  const auto read = waybill::admin::operation_of(record);
  if (!read) return 0;
  record.document = waybill::admin::document_of(read->order, read->progress);
  const auto again = waybill::admin::operation_of(record);
  if (!again || waybill::admin::document_of(again->order, again->progress) != record.document) std::abort();
  return 0;
}
