#pragma once

#include <string>
#include <string_view>

#include "core/decoder_config.hpp"
#include "waybill/result.h"

namespace waybill::admin {

/// The payload as its decoder writes it: UTF-8, at most 1 MiB. Blocks up to the decoder's timeout. Two run at once in a
/// process; errors: `busy` for another one, `timeout`, and `refused` when it fails or writes something else, with the
/// decoder's name and its own words.
Result<std::string> decode(const DecoderConfig& decoder, std::string_view payload);

}  // namespace waybill::admin
