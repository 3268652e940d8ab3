#include "cli/long_running.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "admin/search.hpp"
#include "cli/terminal.hpp"

namespace waybill::cli {
StopSignals::StopSignals(bool with_reload) {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  if (with_reload) sigaddset(&set_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int StopSignals::wait_briefly() const {
  const timespec tenth{0, 100'000'000};
  const int signal = sigtimedwait(&set_, nullptr, &tenth);
  return signal > 0 ? signal : 0;
}

int StopSignals::pending() const {
  const timespec none{0, 0};
  const int signal = sigtimedwait(&set_, nullptr, &none);
  return signal > 0 ? signal : 0;
}

void raise_descriptor_limit() {
  constexpr rlim_t enough = 8192;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
  limit.rlim_cur = std::min(limit.rlim_max, enough);
  // What can't be had is not needed before a thousand connections are open.
  [[maybe_unused]] const int raised = setrlimit(RLIMIT_NOFILE, &limit);
}

Journal::Journal(std::string from, LogFormat format)
    : from_(std::move(from)),
      format_(format),
      lines_(std::make_shared<spdlog::logger>(from_, std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  lines_->set_pattern(format == LogFormat::json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  lines_->flush_on(spdlog::level::trace);
}

void Journal::write(std::string_view level, std::string_view text, const admin::Json& fields) const {
  const auto known = spdlog::level::from_str(std::string(level));
  if (format_ == LogFormat::text) return lines_->log(known, printable(text));
  const auto word = spdlog::level::to_string_view(known);
  admin::Json line{{"at", admin::format_when(admin::wall_clock_ms())},
                   {"level", std::string(word.data(), word.size())},
                   {"from", from_},
                   {"text", printable(text)}};
  line.update(fields);
  lines_->log(known, admin::to_text(line, -1));
}

}  // namespace waybill::cli
