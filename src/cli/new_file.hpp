#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "waybill/result.h"

namespace waybill::cli {

/// Writes a file that is not there yet; with `force` also over one that is. Errors: `refused` (it is there),
/// `invalid_argument` (it can't be made), `disk_full`.
Status write_new_file(const std::string& path, std::string_view text, mode_t mode, bool force);

}  // namespace waybill::cli
