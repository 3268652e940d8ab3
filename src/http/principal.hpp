#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http_config.hpp"

namespace waybill::http {

/// Some of the topics: none, those that globs match, or all.
class Topics {
 public:
  /// What a grant names: no glob stands for all.
  void add(const std::vector<std::string>& globs);

  bool any() const { return all_ || !globs_.empty(); }
  bool all() const { return all_; }
  bool has(std::string_view topic) const;
  /// Whether it has every topic that the glob matches.
  bool covers(std::string_view glob) const;
  /// Empty when it is all of them, as a filter of messages wants it.
  const std::vector<std::string>& globs() const { return globs_; }

 private:
  bool all_ = false;
  std::vector<std::string> globs_;
};

/// Who asks, and what that one may.
struct Principal {
  std::string name;           ///< the token's, the user's as the proxy says it, or `anonymous`
  std::vector<Grant> grants;  ///< those that hold now; none: only what is open to everybody
  bool by_proxy = false;

  /// The highest; none without a grant.
  std::optional<Role> role() const;
  /// Whose messages, whose payloads and headers, and the messages and routes that may be acted on.
  Topics sees() const;
  Topics sees_payloads() const;
  Topics sees_unmasked() const;
  Topics may(Act act) const;
  /// Of whose messages' causes it may say something: an operator's, whatever the acts.
  Topics operates() const;
};

}  // namespace waybill::http
