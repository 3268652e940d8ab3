#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/terminal.hpp"

namespace waybill::cli {

/// Columns aligned for people. Cells are made printable; numbers (cells of digits only) stand right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}

  void add(std::vector<std::string> cells, Tone tone = Tone::plain);
  bool empty() const { return rows_.empty(); }

  /// On a terminal the last column is cut to the width; in a pipe nothing is cut.
  std::string render(const Terminal& terminal) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Tone tone = Tone::plain;
  };
  std::vector<std::size_t> widths() const;

  std::vector<std::string> head_;
  std::vector<Row> rows_;
};

/// How many columns UTF-8 text takes, counting one for each code point.
std::size_t columns(std::string_view text);

/// 12345678 as `12,345,678`.
std::string grouped(std::uint64_t number);

/// Seconds for people: `0.4 s`, `12 s`, `3 min`, `5 h`, `2 d`.
std::string age(double seconds);

}  // namespace waybill::cli
