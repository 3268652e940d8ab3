#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace waybill::cli {
namespace {

bool is_number(const std::string& cell) {
  return !cell.empty() && cell.find_first_not_of("0123456789,.") == std::string::npos;
}

std::string cut(const std::string& text, std::size_t width) {
  if (columns(text) <= width || width < 2) return text;
  std::size_t at = 0;
  for (std::size_t taken = 0; at < text.size() && taken < width - 1; ++taken) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  }
  return text.substr(0, at) + "…";
}

std::string padded(const std::string& cell, std::size_t width) {
  const std::size_t have = columns(cell);
  const std::string space(width > have ? width - have : 0, ' ');
  return is_number(cell) ? space + cell : cell + space;
}

std::string without_trailing_space(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string age(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 172800) return fmt::format("{:.0f} h", seconds / 3600);
  return fmt::format("{:.0f} d", seconds / 86400);
}

void Table::add(std::vector<std::string> cells, Tone tone) {
  for (auto& cell : cells) cell = printable(cell);
  cells.resize(head_.size());
  rows_.push_back({std::move(cells), tone});
}

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < head_.size(); ++column) {
    std::size_t widest = columns(head_[column]);
    for (const auto& row : rows_) widest = std::max(widest, columns(row.cells[column]));
    widths.push_back(widest);
  }
  return widths;
}

std::string Table::render(const Terminal& terminal) const {
  const auto wide = widths();
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      text += (column == 0 ? "" : "  ") + padded(cells[column], wide[column]);
    }
    text = without_trailing_space(std::move(text));
    return terminal.out_is_terminal ? cut(text, terminal.width) : text;
  };
  std::string text = paint(terminal, Tone::dim, line(head_)) + "\n";
  for (const auto& row : rows_) text += paint(terminal, row.tone, line(row.cells)) + "\n";
  return text;
}

}  // namespace waybill::cli
