#include "http/span_export.hpp"

#include <algorithm>
#include <iterator>
#include <random>

#include "core/text.hpp"
#include "http/client.hpp"
#include "http/otlp.hpp"

namespace waybill::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_waiting_spans = 8192, most_in_a_request = 512;
constexpr Duration gathering = 1s, patience = 5s, least_backoff = 1s, longest_backoff = 30s, farewell_limit = 2s;

MonoTime now() { return std::chrono::steady_clock::now(); }

std::uint64_t random_number() {
  static thread_local std::mt19937_64 engine{std::random_device{}()};
  return engine();
}

Result<ClientAnswer> post(const TracesConfig& traces, std::string body, Duration limit) {
  ClientRequest request{traces.path, {}, std::move(body), "application/json"};
  for (const auto& header : traces.headers) request.headers.emplace_back(header.name, header.value.reveal());
  return ask({traces.host, traces.port, traces.tls, traces.ca_file}, request, limit);
}

/// What another attempt may mend (OTLP/HTTP, "Failures").
bool is_worth_another_try(unsigned status) { return status == 429 || (status >= 502 && status <= 504); }

}  // namespace

Status try_collector(const TracesConfig& traces) {
  const auto answer = post(traces, R"({"resourceSpans":[]})", patience);
  if (!answer) return answer.error();
  if (answer->status / 100 == 2) return {};
  return Error(ErrorCode::refused, "the collector answered " + std::to_string(answer->status) + " to POST " +
                                       traces.path + "; correct endpoint or headers in [traces]");
}

SpanExport::SpanExport(const Config& config, LogSink log) : config_(config), log_(std::move(log)) {
  thread_ = std::thread([this] { run(); });
}

SpanExport::~SpanExport() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  change_.notify_all();
  thread_.join();
}

void SpanExport::take(relay::Spans::Taken taken) {
  const std::lock_guard lock(mutex_);
  const auto room = most_waiting_spans - std::min(waiting_.size(), most_waiting_spans);
  const auto kept = static_cast<std::ptrdiff_t>(std::min(room, taken.spans.size()));
  std::move(taken.spans.begin(), taken.spans.begin() + kept, std::back_inserter(waiting_));
  totals_.dropped += taken.left_out + taken.spans.size() - static_cast<std::uint64_t>(kept);
  if (waiting_.size() >= most_in_a_request) change_.notify_all();
}

SpanExport::Totals SpanExport::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::vector<relay::Span> SpanExport::next_batch() {
  std::unique_lock lock(mutex_);
  change_.wait_for(lock, gathering, [this] { return quit_ || waiting_.size() >= most_in_a_request; });
  const auto size = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), most_in_a_request));
  std::vector<relay::Span> batch{std::move_iterator{waiting_.begin()}, std::move_iterator{waiting_.begin() + size}};
  waiting_.erase(waiting_.begin(), waiting_.begin() + size);
  return batch;
}

void SpanExport::run() {
  Duration backoff = least_backoff;
  std::vector<relay::Span> batch;
  while (true) {
    if (batch.empty()) batch = next_batch();
    {
      const std::lock_guard lock(mutex_);
      if (quit_) break;
    }
    if (batch.empty()) continue;
    if (send(batch, patience)) {
      batch.clear();
      backoff = least_backoff;
      continue;
    }
    std::unique_lock lock(mutex_);
    change_.wait_for(lock, backoff, [this] { return quit_; });
    backoff = std::min<Duration>(backoff * 2, longest_backoff);
  }
  // A collector that takes nothing must not hold up the end of the process.
  if (trouble_.empty()) send_the_rest(std::move(batch));
}

/// False: the same batch is to be sent again.
bool SpanExport::send(const std::vector<relay::Span>& batch, Duration limit) {
  const Clocks clocks{now(), std::chrono::system_clock::now()};
  const auto answer = post(config_.traces, otlp_request(config_, process_name(), batch, clocks, random_number), limit);
  if (!answer) {
    note(0, 0, answer.error().message());
    return false;
  }
  if (answer->status / 100 == 2) {
    note(batch.size(), 0, {});
    return true;
  }
  const bool again = is_worth_another_try(answer->status);
  note(0, again ? 0 : batch.size(), "it answered " + std::to_string(answer->status));
  return !again;
}

/// Logged when it changes: a collector that is away would fill the log.
void SpanExport::note(std::uint64_t sent, std::uint64_t dropped, const std::string& trouble) {
  std::uint64_t lost = 0;
  {
    const std::lock_guard lock(mutex_);
    totals_.sent += sent;
    totals_.dropped += dropped;
    lost = totals_.dropped;
  }
  if (trouble == trouble_) return;
  trouble_ = trouble;
  const auto so_far = "; " + std::to_string(lost) + " spans were dropped so far";
  if (trouble.empty()) {
    log_("info", "traces: the collector takes spans again" + so_far);
  } else {
    log_("warn", "traces: the collector takes no spans: " + trouble + so_far);
  }
}

void SpanExport::send_the_rest(std::vector<relay::Span> batch) {
  const auto deadline = Deadline::after(farewell_limit);
  for (; !batch.empty(); batch = next_batch()) {
    const auto left = deadline.at() - now();
    if (left <= Duration::zero() || !send(batch, left)) return;
  }
}

}  // namespace waybill::http
