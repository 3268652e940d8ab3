#pragma once

#include <CLI/App.hpp>
#include <string>

#include "admin/language.hpp"

namespace waybill::cli {

/// `--lang en|zh`, into `chosen`.
void add_language(CLI::App& command, std::string& chosen);

/// What was chosen, or else what the environment says (LC_ALL, LC_MESSAGES, LANG).
admin::Language language_of(const std::string& chosen);

}  // namespace waybill::cli
