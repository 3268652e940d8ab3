#pragma once

#include <memory>

#include "inbox/inspection.hpp"

namespace waybill::inbox::mysql {

Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store);

}  // namespace waybill::inbox::mysql
