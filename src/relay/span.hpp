#pragma once

/// \file
/// One publication as a trace shows it, for messages whose service traces them.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"
#include "core/time.hpp"
#include "relay/route_table.hpp"

namespace waybill::relay {

/// Where a message came from in its service's trace.
struct TraceContext {
  std::string trace_id;  ///< 32 lower-case hex digits
  std::string span_id;   ///< 16
  std::string state;     ///< the header `tracestate`, or empty
};

/// What the headers `traceparent` and `tracestate` say (W3C Trace Context, level 1). Nothing when there is none, when
/// it is malformed, or when the service chose not to record this trace.
std::optional<TraceContext> recorded_trace(const Message& message);

/// The trace that the header `traceparent` names, recorded or not; empty when there is none, or a malformed one.
std::string trace_id_of(const Message& message);

/// From a message's publication to its answer. No payload, and no other header.
struct Span {
  TraceContext context;
  RouteIndex route = 0;
  std::string id, topic;
  std::string exchange, routing_key;  ///< as the route's templates gave them
  std::string endpoint;               ///< of the broker
  std::size_t payload_bytes = 0;
  std::uint32_t attempt = 1;
  broker::OutcomeKind outcome = broker::OutcomeKind::confirmed;
  std::string answer;  ///< the broker's words
  MonoTime published_at{}, answered_at{};
};

/// Spans since they were last taken, at most so many that a burst costs no memory; the others are counted.
class Spans {
 public:
  struct Taken {
    std::vector<Span> spans;
    std::uint64_t left_out = 0;
  };
  bool has_place() {
    const bool place = kept_.spans.size() < most;
    kept_.left_out += place ? 0 : 1;
    return place;
  }
  void keep(Span span) { kept_.spans.push_back(std::move(span)); }
  Taken take() { return std::exchange(kept_, {}); }

 private:
  static constexpr std::size_t most = 2000;
  Taken kept_;
};

/// Gets what was traced since it was called last, on a relay's own thread: it must not block.
using SpanSink = std::function<void(Spans::Taken)>;

}  // namespace waybill::relay
