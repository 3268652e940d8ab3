#include "broker/rabbitmq/probe.hpp"

#include "broker/rabbitmq/channels.hpp"
#include "broker/rabbitmq/link.hpp"
#include "broker/rabbitmq/reader.hpp"

namespace waybill::broker::rabbitmq {
namespace {

/// Waits for the answer to a passive declare: empty words when the exchange is there.
Result<std::string> await_answer(Link& link, Deadline deadline) {
  while (true) {
    if (auto sent = link.flush(); !sent) return std::move(sent).error();
    Frame frame;
    auto found = link.next(frame);
    if (!found) return std::move(found).error();
    if (*found && frame.type == AMQP_FRAME_METHOD && frame.payload.size() >= 4) {
      const std::uint32_t method = Reader(frame.payload).u32();
      if (method == AMQP_EXCHANGE_DECLARE_OK_METHOD) return std::string();
      if (method == AMQP_CHANNEL_CLOSE_METHOD) return read_close(frame.payload.substr(4)).words();
      if (method == AMQP_CONNECTION_CLOSE_METHOD) {
        return Error(ErrorCode::unreachable, read_close(frame.payload.substr(4)).words());
      }
    }
    if (*found) continue;
    if (deadline.passed()) return Error(ErrorCode::timeout, "the broker did not say whether an exchange is there");
    link.wait(-1, deadline);
    if (auto got = link.fill(); !got) return std::move(got).error();
  }
}

void open_channel(Link& link) {
  amqp_channel_open_t open{amqp_empty_bytes};
  link.out().method(control_channel, AMQP_CHANNEL_OPEN_METHOD, &open);
}

void ask(Link& link, const std::string& exchange) {
  amqp_exchange_declare_t declare{};
  declare.exchange = amqp_view(exchange);
  declare.type = amqp_cstring_bytes("direct");
  declare.passive = 1;
  link.out().method(control_channel, AMQP_EXCHANGE_DECLARE_METHOD, &declare);
}

/// The broker closes the channel to say that an exchange is missing.
void reopen(Link& link) {
  amqp_channel_close_ok_t ok{0};
  link.out().method(control_channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  open_channel(link);
}

}  // namespace

Result<std::map<std::string, std::string>> missing_exchanges(const Endpoint& endpoint,
                                                             const std::set<std::string>& exchanges,
                                                             Deadline deadline) {
  auto link = open_link(endpoint, deadline, {}, "waybill doctor");
  if (!link) return std::move(link).error();
  open_channel(**link);
  std::map<std::string, std::string> missing;
  for (const std::string& exchange : exchanges) {
    if (exchange.empty()) continue;
    ask(**link, exchange);
    auto words = await_answer(**link, deadline);
    if (!words) return std::move(words).error();
    if (words->empty()) continue;
    reopen(**link);
    missing.emplace(exchange, *words);
  }
  close_link(**link, Deadline::after(std::chrono::milliseconds{300}));
  return missing;
}

}  // namespace waybill::broker::rabbitmq
