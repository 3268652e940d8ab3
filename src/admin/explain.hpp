#pragma once

#include <span>
#include <string>
#include <vector>

#include "admin/json.hpp"
#include "admin/language.hpp"
#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// Where one message is and why, in words.
struct Explanation {
  std::string id, store, state;    ///< state: `waiting`, `sending`, `failed`, `dropped` or `gone`
  std::vector<std::string> lines;  ///< the story, a sentence a line
  std::string next;                ///< when it moves next, or what must happen before it does
  store::Whereabouts whereabouts;

  /// Whether the store knows anything of the message.
  bool known() const { return whereabouts.place != store::Whereabouts::Place::gone || !whereabouts.history.empty(); }
};

Explanation explain(const Config& config, const std::string& store, const std::string& id,
                    store::Whereabouts whereabouts, Language language = Language::english);

/// Asks the stores one after the other: what the first that knows the message says, or else the last, which says that
/// it is gone. `stores` has one at least.
Result<Explanation> find_message(const Config& config, std::span<store::Store* const> stores, const std::string& id,
                                 Language language = Language::english);

/// Without `with_content` the message's headers and payload are left out.
Json explanation_json(const Explanation& explanation, bool with_content = true);

}  // namespace waybill::admin
