#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"

namespace waybill {

/// A configuration as it may be shown to strangers.
struct ShownConfig {
  /// Each setting that the file has, in its order: `store.shop.url` and what the file says, references as they stand.
  /// What may be a secret is `***`: all texts that are not known to be none, also under keys that nobody knows.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::string> errors;  ///< all that is wrong with the file
};

/// Blocks on file input only. A file that can't be read, or is no TOML, has errors and no settings.
ShownConfig show_config(const std::string& file);
/// The same on text; `file` is used in messages only.
ShownConfig show_config(std::string_view text, const std::string& file);

}  // namespace waybill
