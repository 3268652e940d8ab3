#include "cli/remedies.hpp"

#include <set>

#include "admin/errors.hpp"
#include "cli/language.hpp"

namespace waybill::cli {

std::string remedies(const std::vector<store::FailedGroup>& groups) {
  const auto language = language_of({});
  std::string text;
  std::set<std::string> told;
  for (const auto& group : groups) {
    const auto* known = admin::known_reason(group.reason);
    if (known == nullptr || !told.insert(group.reason).second) continue;
    const auto& words = known->in(language);
    text += "\n" + group.reason + " (" + known->code + "): " + words.cause + "\n  → " + words.remedy + "\n";
  }
  return text;
}

}  // namespace waybill::cli
