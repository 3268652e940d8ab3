#include "broker/consumer.hpp"

#include <utility>

#include "broker/memory/consumer.hpp"
#include "core/url.hpp"

namespace waybill {

Result<std::unique_ptr<Consumer>> open_consumer(const ConsumerOptions& options) {
  auto url = parse_url(options.url);
  if (!url) return std::move(url).error();
  if (options.queue.empty()) return Error(ErrorCode::invalid_argument, "consumer: no queue was named");
  if (options.prefetch == 0) return Error(ErrorCode::invalid_argument, "consumer: prefetch must be 1 or more");
  if (url->scheme == "memory") {
    return std::unique_ptr<Consumer>(std::make_unique<broker::memory::QueueConsumer>(
        broker::memory::Broker::named(url->host), options.queue, options.prefetch));
  }
  return Error(ErrorCode::unsupported,
               "consumer URL '" + mask_url(options.url) + "': expected amqp://, amqps:// or memory://");
}

}  // namespace waybill
