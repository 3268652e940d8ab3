#include "relay/tables.hpp"

namespace waybill::relay {

Status require_current(store::SchemaState schema, const std::string& store) {
  const std::string name = "store '" + store + "': ";
  switch (schema) {
    case store::SchemaState::current:
      return {};
    case store::SchemaState::missing:
      return Error{ErrorCode::missing_schema, name + "its tables are missing: run `waybill migrate`"};
    case store::SchemaState::older:
      return Error{ErrorCode::older_schema, name + "its tables are of an older version: run `waybill migrate`"};
    case store::SchemaState::newer:
      return Error{ErrorCode::newer_schema,
                   name + "its tables were made by a newer Waybill: upgrade this program before it touches them"};
  }
  return {};
}

}  // namespace waybill::relay
