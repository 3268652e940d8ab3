#include "cli/long_running.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <sys/resource.h>

#include <algorithm>
#include <ctime>

#include "admin/json.hpp"
#include "admin/search.hpp"

namespace waybill::cli {
namespace {

std::string text_of(spdlog::string_view_t text) { return {text.data(), text.size()}; }

class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& line, spdlog::memory_buf_t& out) override {
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(line.time.time_since_epoch()).count();
    const admin::Json json{{"at", admin::format_when(at)},
                           {"level", text_of(spdlog::level::to_string_view(line.level))},
                           {"from", text_of(line.logger_name)},
                           {"text", text_of(line.payload)}};
    const auto written = admin::to_text(json, -1) + "\n";
    out.append(written.data(), written.data() + written.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

}  // namespace

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

std::shared_ptr<spdlog::logger> make_logger(const std::string& name, LogFormat format) {
  auto logger = std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  if (format == LogFormat::json) {
    logger->set_formatter(std::make_unique<JsonLines>());
  } else {
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  }
  logger->flush_on(spdlog::level::trace);
  return logger;
}

}  // namespace waybill::cli
