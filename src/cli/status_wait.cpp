#include "cli/status_wait.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/progress.hpp"

namespace waybill::cli {
namespace {

/// A store that can't be read says nothing.
bool is_over(const admin::StatusReport& report, const DrainWait& wait) {
  if (report.first_error()) return false;
  const auto figures = admin::figures_of(report);
  const auto holds = [&](const admin::Condition& condition) { return condition.holds(figures); };
  return sending_in(report) == 0 || std::ranges::any_of(wait.give_up_when, holds);
}

}  // namespace

std::uint64_t sending_in(const admin::StatusReport& report) {
  std::uint64_t sending = 0;
  for (const auto& store : report.stores) sending += store.counts.sending;
  return sending;
}

Result<admin::StatusReport> wait_drained(const Session& session, const Config& config,
                                         std::span<const std::unique_ptr<store::Store>> stores, const DrainWait& wait) {
  const auto started = std::chrono::steady_clock::now();
  auto report = admin::read_status(config, stores);
  if (const auto error = report.first_error()) return *error;
  const auto first = sending_in(report);
  ProgressBar bar(session.terminal, "drained", first);
  while (!is_over(report, wait)) {
    const Duration waited = std::chrono::steady_clock::now() - started;
    if (wait.limit && waited >= *wait.limit) break;
    std::this_thread::sleep_for(wait.limit ? std::min(wait.interval, *wait.limit - waited) : wait.interval);
    report = admin::read_status(config, stores);
    if (!report.first_error()) bar.update(first - std::min(first, sending_in(report)));
  }
  if (const auto error = report.first_error()) return *error;
  return report;
}

}  // namespace waybill::cli
