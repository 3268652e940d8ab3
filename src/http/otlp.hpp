#pragma once

#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "relay/span.hpp"

namespace waybill::http {

/// Both clocks at one moment: spans are timed by one that is never set, and shown by the other.
struct Clocks {
  MonoTime mono{};
  std::chrono::system_clock::time_point wall;
};

/// A request of OTLP over HTTP with JSON (OpenTelemetry protocol 1.x, `ExportTraceServiceRequest`). Each span is one
/// publication in its message's own trace, below the service's span, and linked to it, with the attributes of
/// OpenTelemetry's conventions for messaging. `random` gives the numbers of the spans.
std::string otlp_request(const Config& config, const std::string& process, const std::vector<relay::Span>& spans,
                         const Clocks& clocks, const std::function<std::uint64_t()>& random);

}  // namespace waybill::http
