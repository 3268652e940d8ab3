#include "http/principal.hpp"

#include <algorithm>

#include "core/glob.hpp"

namespace waybill::http {
namespace {

/// The topics of all grants that are of a kind.
template <class Predicate>
Topics topics_of(const std::vector<Grant>& grants, const Predicate& counts) {
  Topics topics;
  for (const auto& grant : grants) {
    if (counts(grant)) topics.add(grant.topics);
  }
  return topics;
}

}  // namespace

void Topics::add(const std::vector<std::string>& globs) {
  all_ = all_ || globs.empty();
  globs_.insert(globs_.end(), globs.begin(), globs.end());
  if (all_) globs_.clear();
}

bool Topics::has(std::string_view topic) const {
  return all_ || std::ranges::any_of(globs_, [&](const auto& glob) { return glob_matches(glob, topic); });
}

bool Topics::covers(std::string_view glob) const {
  return all_ || std::ranges::any_of(globs_, [&](const auto& mine) { return glob_covers(mine, glob); });
}

std::optional<Role> Principal::role() const {
  const auto highest = std::ranges::max_element(grants, {}, &Grant::role);
  return highest == grants.end() ? std::nullopt : std::optional(highest->role);
}

Topics Principal::sees() const {
  return topics_of(grants, [](const Grant& grant) { return grant.role >= Role::viewer; });
}

Topics Principal::sees_payloads() const {
  return topics_of(grants, [](const Grant& grant) { return grant.role >= Role::viewer && grant.payloads; });
}

Topics Principal::sees_unmasked() const {
  return topics_of(grants,
                   [](const Grant& grant) { return grant.role >= Role::viewer && grant.payloads && grant.unmasked; });
}

Topics Principal::operates() const {
  return topics_of(grants, [](const Grant& grant) { return grant.role == Role::operate; });
}

Topics Principal::may(Act act) const {
  return topics_of(grants, [act](const Grant& grant) { return std::ranges::find(grant.may, act) != grant.may.end(); });
}

}  // namespace waybill::http
