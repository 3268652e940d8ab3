#pragma once

namespace waybill::admin {

/// In which a person is told.
enum class Language { english, chinese };

}  // namespace waybill::admin
