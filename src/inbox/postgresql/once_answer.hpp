#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "inbox/postgresql/query.hpp"
#include "waybill/inbox.h"
#include "waybill/result.h"

namespace waybill::inbox::postgresql {

/// The mark as the arguments of `waybill.once`: consumer, unique ID, fingerprint, digest, message id, and Unix ms.
std::vector<Value> arguments_of(const Mark& mark);

/// `new duplicate conflict expired`.
Result<Once> once_of(std::string_view answer);

}  // namespace waybill::inbox::postgresql
