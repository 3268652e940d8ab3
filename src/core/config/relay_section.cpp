#include <algorithm>

#include "core/config/sections.hpp"

namespace waybill::config {

using namespace std::chrono_literals;

RelayConfig read_relay(const Entry& root, Findings& findings) {
  RelayConfig relay;
  Section section{root.value, root.place, "relay", findings};
  section.read_count("window", relay.window, 1, 65535);
  // Whoever sets only the window need not know the other bound.
  relay.unsettled = std::max(relay.unsettled, relay.window);
  section.read_count("unsettled", relay.unsettled, 1, 10'000'000);
  if (relay.unsettled < relay.window) {
    section.fail("unsettled", std::to_string(relay.unsettled) + " is less than window (" +
                                  std::to_string(relay.window) + "): the window could never be filled");
  }
  section.read_duration("stop_timeout", relay.stop_timeout, 0s, 1h);
  section.read_duration("stalled_after", relay.stalled_after, 100ms, 1h);
  section.read_size("buffer_bytes", relay.buffer_bytes, 64u << 10, std::uint64_t{4} << 30);
  section.finish();
  return relay;
}

LogConfig read_log(const Entry& root, Findings& findings) {
  LogConfig log;
  Section section{root.value, root.place, "log", findings};
  section.read_choice("format", log.format, {LogFormat::text, LogFormat::json});
  section.finish();
  return log;
}

}  // namespace waybill::config
