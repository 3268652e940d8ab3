#pragma once

#include <cstdint>
#include <string>

#include "cli/terminal.hpp"
#include "core/time.hpp"

namespace waybill::cli {

/// Shows on stderr how far a long piece of work is: a bar that is redrawn on a terminal, a line every few seconds in a
/// pipe. Nothing is shown for work that ends within a second.
class ProgressBar {
 public:
  /// `total` 0: unknown, only the count is shown.
  ProgressBar(const Terminal& terminal, std::string title, std::uint64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(std::uint64_t done);

 private:
  void draw(std::uint64_t done);

  const Terminal& terminal_;
  std::string title_;
  std::uint64_t total_;
  MonoTime started_, next_;
  bool drawn_ = false;
};

}  // namespace waybill::cli
