#include "cli/status_wait.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "cli/progress.hpp"

namespace waybill::cli {

std::uint64_t sending_in(const admin::StatusReport& report) {
  std::uint64_t sending = 0;
  for (const auto& store : report.stores) sending += store.counts.sending;
  return sending;
}

Result<admin::StatusReport> wait_drained(const Session& session, const Config& config,
                                         std::span<const std::unique_ptr<store::Store>> stores, Duration interval,
                                         std::optional<Duration> limit) {
  const auto started = std::chrono::steady_clock::now();
  auto report = admin::read_status(config, stores);
  if (const auto error = report.first_error()) return *error;
  const auto first = sending_in(report);
  ProgressBar bar(session.terminal, "drained", first);
  while (report.first_error() || sending_in(report) > 0) {
    const Duration waited = std::chrono::steady_clock::now() - started;
    if (limit && waited >= *limit) break;
    std::this_thread::sleep_for(limit ? std::min(interval, *limit - waited) : interval);
    report = admin::read_status(config, stores);
    if (!report.first_error()) bar.update(first - std::min(first, sending_in(report)));
  }
  if (const auto error = report.first_error()) return *error;
  return report;
}

}  // namespace waybill::cli
