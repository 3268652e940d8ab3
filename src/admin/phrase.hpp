#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "admin/language.hpp"

namespace waybill::admin {

/// One sentence in both; `{}` stands for a value, in the same order in both.
struct Phrase {
  std::string_view english, chinese;
};

template <class... Values>
std::string say(Language language, const Phrase& phrase, const Values&... values) {
  return fmt::format(fmt::runtime(language == Language::chinese ? phrase.chinese : phrase.english), values...);
}

}  // namespace waybill::admin
