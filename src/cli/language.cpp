#include "cli/language.hpp"

#include <cstdlib>
#include <string_view>

namespace waybill::cli {

void add_language(CLI::App& command, std::string& chosen) {
  command.add_option("--lang", chosen, "en or zh (default: as LANG says)")->check(CLI::IsMember({"en", "zh"}));
}

admin::Language language_of(const std::string& chosen) {
  const auto named = [](std::string_view name) {
    return name.starts_with("zh") ? admin::Language::chinese : admin::Language::english;
  };
  if (!chosen.empty()) return named(chosen);
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return named(value);
  }
  return admin::Language::english;
}

}  // namespace waybill::cli
