#pragma once

#include <string>

#include "store/postgresql/store.hpp"

namespace waybill::postgresql {

/// The columns of waybill.retry, called r, in the order that troubled_of() reads.
extern const char* const troubled_columns;
store::Troubled troubled_of(const Rows& rows, int row, const std::vector<Position>& positions);

}  // namespace waybill::postgresql
