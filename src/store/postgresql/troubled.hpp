#pragma once

#include <string>
#include <string_view>

#include "store/postgresql/store.hpp"

namespace waybill::postgresql {

/// The columns of waybill.retry, called r, in the order that troubled_of() reads.
extern const char* const troubled_columns;
/// The same, with an empty payload.
extern const char* const troubled_columns_without_payload;
store::Troubled troubled_of(const Rows& rows, int row, const std::vector<Position>& positions);

}  // namespace waybill::postgresql
