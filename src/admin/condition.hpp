#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/status.hpp"

namespace waybill::admin {

/// One number that a status comes down to, by the name under which conditions ask for it.
struct Figure {
  std::string_view name;
  double value = 0;  ///< of a time: seconds
  bool is_time = false;
};

/// Over all stores and routes of the report: `sending`, `failed`, `oldest` (a time), `blocked` (keys and routes that
/// wait behind a message), `unheld` (lanes that no relay holds), `in_flight`, and how many routes are `down`, `stalled`
/// or `paused`. A store that can't be read adds nothing: look at StatusReport::first_error() too.
std::vector<Figure> figures_of(const StatusReport& report);

/// A limit on a figure: `failed>0`, `oldest>=5m`, `sending=0`.
class Condition {
 public:
  /// NAME, one of `>` `>=` `<` `<=` `=`, and a number, or a duration for a time. Errors name what is wrong.
  static Result<Condition> parse(std::string_view text);

  /// `figures`: those of figures_of().
  bool holds(std::span<const Figure> figures) const;
  /// The condition and what the figure is: `failed>0: failed is 3`.
  std::string in_words(std::span<const Figure> figures) const;

 private:
  enum class Comparison { more, at_least, less, at_most, equal };

  std::string text_, name_;
  Comparison comparison_ = Comparison::more;
  double limit_ = 0;
};

/// All that an option of the command line gives; an error names the option.
Result<std::vector<Condition>> parse_conditions(std::string_view option, std::span<const std::string> texts);

/// A figure's value as a person writes it: `3`, `1.5s`.
std::string value_text(const Figure& figure);

}  // namespace waybill::admin
