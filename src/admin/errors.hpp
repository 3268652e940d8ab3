#pragma once

/// \file
/// Every code that a person can see, with its cause and remedy, in English and Chinese: errors (WB-E), reasons why a
/// message is not sent (WB-R), states of routes (WB-S), findings of `waybill doctor` (WB-D). Codes are stable.

#include <string>
#include <string_view>
#include <vector>

#include "admin/language.hpp"
#include "waybill/result.h"

namespace waybill::admin {

struct KnownError {
  std::string code;  ///< `WB-E08`
  std::string name;  ///< the word that documents show, `unreachable`; may be empty
  struct Words {
    std::string cause, remedy;
  };
  Words english, chinese;

  const Words& in(Language language) const { return language == Language::chinese ? chinese : english; }
};

/// In the order of their codes.
const std::vector<KnownError>& known_errors();

/// Those whose code or name it is, whatever the case of its letters.
std::vector<KnownError> find_errors(std::string_view code_or_name);

/// What is known of a reason why a message is not sent (WB-R), `unroutable`; null of another word.
const KnownError* known_reason(std::string_view reason);

/// `WB-E08` for `unreachable`.
std::string code_of(ErrorCode code);

}  // namespace waybill::admin
