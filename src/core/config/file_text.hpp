#pragma once

#include <cstddef>
#include <string>

#include "waybill/result.h"

namespace waybill::config {

/// No configuration is larger.
inline constexpr std::size_t max_file_bytes = 4u << 20;

/// The whole file. The error says only why, without the name: the caller knows what the file is for. A file of more
/// than `most` bytes is an error too.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace waybill::config
