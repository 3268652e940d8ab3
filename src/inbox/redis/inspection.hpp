#pragma once

#include "inbox/inspection.hpp"

namespace waybill::inbox::redis {

/// Of the marks and conflicts on one server. They are keys that expire by themselves, so there is nothing to purge, and
/// a mark holds no message id, so what was consumed can't be compared with what was sent: both answer `unsupported`.
Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store);

}  // namespace waybill::inbox::redis
