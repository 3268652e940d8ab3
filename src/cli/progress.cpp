#include "cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace waybill::cli {
namespace {

constexpr Duration quiet = std::chrono::seconds{1};
constexpr Duration redraw = std::chrono::milliseconds{100};
constexpr Duration line_interval = std::chrono::seconds{5};
constexpr std::size_t bar_width = 30;

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(bar_width));
  return "[" + std::string(full, '#') + std::string(bar_width - full, '.') + "]";
}

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

ProgressBar::ProgressBar(const Terminal& terminal, std::string title, std::uint64_t total)
    : terminal_(terminal), title_(std::move(title)), total_(total), started_(now()), next_(started_ + quiet) {}

ProgressBar::~ProgressBar() {
  if (drawn_ && terminal_.can_redraw()) std::fputs("\r\033[K", stderr);
}

void ProgressBar::update(std::uint64_t done) {
  const auto at = now();
  if (at < next_) return;
  next_ = at + (terminal_.can_redraw() ? redraw : line_interval);
  draw(done);
}

void ProgressBar::draw(std::uint64_t done) {
  const double seconds = std::chrono::duration<double>(now() - started_).count();
  const double rate = static_cast<double>(done) / seconds;
  std::string line = fmt::format("{}: {}", title_, done);
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const std::string left =
        rate > 0 ? fmt::format(", {:.0f} s left", static_cast<double>(total_ - std::min(done, total_)) / rate) : "";
    line = terminal_.can_redraw()
               ? fmt::format("{} {} {:3.0f} % {}/{}{}", title_, bar(share), share * 100, done, total_, left)
               : fmt::format("{}: {} of {} ({:.0f} %{})", title_, done, total_, share * 100, left);
  }
  std::fputs((terminal_.can_redraw() ? "\r\033[K" + line : line + "\n").c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace waybill::cli
