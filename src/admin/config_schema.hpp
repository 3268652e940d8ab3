#pragma once

#include "admin/json.hpp"

namespace waybill::admin {

/// The configuration as a JSON Schema (draft 7), for editors that know TOML. Made from what the reader itself reads.
Json config_schema();

}  // namespace waybill::admin
