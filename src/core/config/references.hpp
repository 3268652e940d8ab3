#pragma once

/// \file
/// What a string of the configuration refers to: environment variables and files with secrets.

#include <string>
#include <string_view>

#include "waybill/result.h"

namespace waybill::config {

/// Replaces each `${NAME}` by the environment variable; `$${` stands for `${`. Errors name the variable, never a value:
/// `missing_secret` when it is unset or empty, `invalid_configuration` when the reference is malformed.
Result<std::string> resolve_environment(std::string_view text);

/// The same, and `file:PATH` gives what the file holds, without its trailing newline. A relative path starts at
/// `folder` (empty: the working directory). `missing_secret` when the file can't be read or is empty.
Result<std::string> resolve_secret(std::string_view text, const std::string& folder);

}  // namespace waybill::config
