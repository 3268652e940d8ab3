#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::cli {

/// What the standard streams are connected to, found once at the start.
struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool in_is_terminal = false;
  bool dumb = false;    ///< TERM=dumb or unset: no cursor movement
  bool colors = false;  ///< on stdout; NO_COLOR switches them off
  std::size_t width = 80;

  static Terminal detect();

  /// Whether a line on stderr may be overwritten by the next one.
  bool can_redraw() const { return err_is_terminal && !dumb; }
};

enum class Tone { plain, good, warning, bad, dim, strong };

/// `text` in the tone's color, or as it is when colors are off.
std::string paint(const Terminal& terminal, Tone tone, std::string_view text);

/// Foreign text (a broker's answer, a topic) made safe to print: control bytes and escape sequences are shown as
/// `\xNN`, so that no message can move the cursor or rewrite the terminal's title.
std::string printable(std::string_view text);
/// The same of a text of several lines, which stay lines.
std::string printable_lines(std::string_view text);

/// Shows the question on stderr and reads one line from stdin; nullopt at its end.
std::optional<std::string> ask(const std::string& question);

}  // namespace waybill::cli
