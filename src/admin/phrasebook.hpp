#pragma once

/// \file
/// Waybill's own sentences in Chinese. What is stored, reported and read by programs is English; a page asks for it in
/// its reader's language when it shows it.

#include <optional>
#include <string>
#include <string_view>

#include "admin/language.hpp"

namespace waybill::admin {

/// A sentence of ours in Chinese, with its values as they are. None of another's words: what a broker or a database
/// answered is shown as it came.
std::optional<std::string> in_chinese(std::string_view english);

/// The sentence in this language, or as it is when it is not one of ours.
std::string told_in(Language language, const std::string& english);

}  // namespace waybill::admin
