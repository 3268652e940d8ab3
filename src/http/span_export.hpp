#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/config.hpp"
#include "core/time.hpp"
#include "relay/span.hpp"
#include "waybill/relay.h"

namespace waybill::http {

/// Whether the collector of `[traces]` takes a request, without a span in it. Blocks for 5 s at most. Errors:
/// `unreachable`, `invalid_configuration` (the `ca_file`), `refused` with the status that it answered.
Status try_collector(const TracesConfig& traces);

/// Tells an OpenTelemetry collector of the publications of traced messages (`[traces]`). A collector that is slow or
/// away costs spans and never a message: what finds no place is dropped and counted. Thread-safe.
class SpanExport {
 public:
  struct Totals {
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;  ///< no place, or refused by the collector
  };

  SpanExport(const Config& config, LogSink log);
  /// Sends what is left, for two seconds at most; what is under way may take five more.
  ~SpanExport();
  SpanExport(const SpanExport&) = delete;
  SpanExport& operator=(const SpanExport&) = delete;

  /// Never blocks.
  void take(relay::Spans::Taken taken);
  Totals totals() const;

 private:
  void run();
  std::vector<relay::Span> next_batch();
  bool send(const std::vector<relay::Span>& batch, Duration patience);
  void note(std::uint64_t sent, std::uint64_t dropped, const std::string& trouble);
  void send_the_rest(std::vector<relay::Span> batch);

  const Config config_;
  const LogSink log_;
  std::string trouble_;  // the thread's only: what was logged last

  mutable std::mutex mutex_;
  std::condition_variable change_;
  std::vector<relay::Span> waiting_;  // guarded by mutex_, as all below
  Totals totals_;
  bool quit_ = false;

  std::thread thread_;  // last: it uses all the others
};

}  // namespace waybill::http
