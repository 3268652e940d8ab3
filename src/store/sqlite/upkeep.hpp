#pragma once

#include "store/sqlite/connection.hpp"

namespace waybill::sqlite {

/// Lets go of some of what is kept for too long, see store/retention.hpp. A short write transaction each.
Status forget_old(Connection& connection, std::int64_t now_ms);

}  // namespace waybill::sqlite
