#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace waybill::cli {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

std::string_view escape_of(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\033[32m";
    case Tone::warning:
      return "\033[33m";
    case Tone::bad:
      return "\033[31m";
    case Tone::dim:
      return "\033[2m";
    case Tone::strong:
      return "\033[1m";
    case Tone::plain:
      break;
  }
  return {};
}

}  // namespace

Terminal Terminal::detect() {
  Terminal terminal;
  terminal.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
  terminal.in_is_terminal = isatty(STDIN_FILENO) == 1;
  const char* term = std::getenv("TERM");
  terminal.dumb = term == nullptr || std::string_view(term) == "dumb" || *term == '\0';
  terminal.colors = terminal.out_is_terminal && !terminal.dumb && !is_set("NO_COLOR");
  winsize size{};
  const int stream = terminal.out_is_terminal ? STDOUT_FILENO : STDERR_FILENO;
  if (ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
  return terminal;
}

std::string paint(const Terminal& terminal, Tone tone, std::string_view text) {
  const auto escape = escape_of(tone);
  if (!terminal.colors || escape.empty()) return std::string(text);
  return std::string(escape).append(text).append("\033[0m");
}

std::string printable(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      safe += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
    safe += escaped;
  }
  return safe;
}

std::string printable_lines(std::string_view text) {
  std::string safe;
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    safe += printable(text.substr(0, end)) + "\n";
    text.remove_prefix(end + 1);
  }
  return safe + printable(text);
}

std::optional<std::string> ask(const std::string& question) {
  std::cerr << question << std::flush;
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

}  // namespace waybill::cli
