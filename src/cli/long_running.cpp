#include "cli/long_running.hpp"

#include <spdlog/sinks/stdout_sinks.h>

#include <ctime>

namespace waybill::cli {

StopSignals::StopSignals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGTERM);
  sigaddset(&set_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int StopSignals::wait_briefly() const {
  const timespec tenth{0, 100'000'000};
  const int signal = sigtimedwait(&set_, nullptr, &tenth);
  return signal > 0 ? signal : 0;
}

std::shared_ptr<spdlog::logger> make_logger(const std::string& name) {
  auto logger = std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

}  // namespace waybill::cli
