#include "broker/rabbitmq/consumer.hpp"

#include <poll.h>

#include <utility>

#include "broker/rabbitmq/channels.hpp"
#include "broker/rabbitmq/reader.hpp"

namespace waybill::broker::rabbitmq {
namespace {

constexpr Duration connect_limit = std::chrono::seconds{5};
constexpr Duration longest_backoff = std::chrono::seconds{5};
/// For what will not mend by itself: a missing queue, a wrong password.
constexpr Duration refused_pause = std::chrono::seconds{1};
constexpr Duration goodbye_limit = std::chrono::milliseconds{300};
/// A caller slower than this may stay away for long after an answer, so the answer leaves at once.
constexpr Duration quick = std::chrono::microseconds{500};
constexpr std::size_t most_unsent_answers = 32;

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

RabbitConsumer::RabbitConsumer(Endpoint endpoint, std::string queue, std::uint16_t prefetch)
    : endpoint_(std::move(endpoint)), queue_(std::move(queue)), prefetch_(prefetch), backoff_(longest_backoff) {}

RabbitConsumer::~RabbitConsumer() {
  if (!link_) return;
  [[maybe_unused]] const Status sent = send_answers();
  close_link(*link_, Deadline::after(goodbye_limit));
}

Result<std::optional<Delivery>> RabbitConsumer::receive(std::chrono::milliseconds wait) {
  const Deadline deadline = Deadline::after(wait);
  while (!stopped_) {
    if (!link_) {
      if (auto connected = connect(); !connected) return std::move(connected).error();
    }
    if (link_) {
      if (auto delivery = pop()) return delivery;
      if (auto got = read(now()); !got) {
        lose();
        retry_at_ = now() + backoff_.next();
        if (!got.error().is_transient()) return std::move(got).error();
        continue;
      }
      if (!ready_.empty()) continue;
    }
    if (deadline.passed()) break;
    if (link_) {
      link_->wait(wakeup_.fd(), deadline);
    } else {
      pause(std::min(deadline.at(), retry_at_));
    }
  }
  return std::optional<Delivery>();
}

std::optional<Delivery> RabbitConsumer::pop() {
  if (ready_.empty()) return std::nullopt;
  std::optional<Delivery> next(std::move(ready_.front()));
  ready_.pop_front();
  handed_out_at_ = now();
  return next;
}

Status RabbitConsumer::connect() {
  if (now() < retry_at_) return {};
  const Interrupt interrupt{wakeup_.fd(), [this] { return !stopped_; }};
  auto link = open_link(endpoint_, Deadline::after(connect_limit), interrupt, "waybill consumer of " + queue_);
  if (!link) {
    const bool waiting_helps = link.error().is_transient();
    retry_at_ = now() + (waiting_helps ? backoff_.next() : refused_pause);
    return waiting_helps ? Status() : Status(std::move(link).error());
  }
  link_ = std::move(*link);
  ++session_;
  subscribe();
  return {};
}

void RabbitConsumer::subscribe() {
  amqp_channel_open_t open{amqp_empty_bytes};
  amqp_basic_qos_t qos{0, prefetch_, 0};
  amqp_basic_consume_t consume{};
  consume.queue = amqp_view(queue_);
  link_->out().method(publish_channel, AMQP_CHANNEL_OPEN_METHOD, &open);
  link_->out().method(publish_channel, AMQP_BASIC_QOS_METHOD, &qos);
  link_->out().method(publish_channel, AMQP_BASIC_CONSUME_METHOD, &consume);
}

Status RabbitConsumer::read(MonoTime at) {
  if (auto sent = send_answers(); !sent) return sent;
  if (auto got = link_->fill(); !got) return got;
  Frame frame;
  while (true) {
    auto found = link_->next(frame);
    if (!found) return Error(ErrorCode::unreachable, found.error().message());
    if (!*found) break;
    if (auto taken = take(frame); !taken) return taken;
  }
  if (auto sent = link_->flush(); !sent) return sent;
  return link_->keep_alive(at);
}

Status RabbitConsumer::take(const Frame& frame) {
  if (frame.type == AMQP_FRAME_METHOD) return take_method(frame);
  if (frame.channel != publish_channel || !assembly_.add(frame)) {
    return Error(ErrorCode::unreachable, "the broker sent malformed content");
  }
  if (auto delivery = assembly_.take()) {
    delivery->session = session_;
    answers_.delivered();
    ready_.push_back(std::move(*delivery));
  }
  return {};
}

Status RabbitConsumer::take_method(const Frame& frame) {
  if (frame.payload.size() < 4) return Error(ErrorCode::unreachable, "the broker sent a malformed method");
  const std::uint32_t method = Reader(frame.payload).u32();
  const std::string_view arguments = frame.payload.substr(4);
  switch (method) {
    case AMQP_BASIC_DELIVER_METHOD:
      if (!assembly_.begin(arguments)) return Error(ErrorCode::unreachable, "the broker sent a malformed delivery");
      return {};
    case AMQP_BASIC_CONSUME_OK_METHOD:
      backoff_.reset();
      return {};
    case AMQP_BASIC_CANCEL_METHOD:
      // The queue was deleted or its leader moved: subscribing again shows which.
      return Error(ErrorCode::unreachable, "the broker cancelled the consumer of queue '" + queue_ + "'");
    case AMQP_CHANNEL_CLOSE_METHOD:
      return closed(read_close(arguments));
    case AMQP_CONNECTION_CLOSE_METHOD: {
      amqp_connection_close_ok_t ok{0};
      link_->out().method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
      return Error(ErrorCode::unreachable, read_close(arguments).words());
    }
    default:
      return {};  // the -ok answers, connection.blocked
  }
}

Error RabbitConsumer::closed(const CloseReason& reason) const {
  const std::string words = endpoint_.name() + ": queue '" + queue_ + "': " + reason.words();
  if (reason.code == AMQP_NOT_FOUND) return {ErrorCode::not_found, words};
  if (reason.code == AMQP_ACCESS_REFUSED) return {ErrorCode::unauthorized, words};
  return {ErrorCode::unreachable, words};
}

void RabbitConsumer::lose() {
  // What waits here unacknowledged comes again on the next connection.
  ready_.clear();
  assembly_ = {};
  answers_ = {};
  unsent_answers_ = 0;
  if (link_) close_link(*link_, Deadline::after(Duration::zero()));
  link_.reset();
}

void RabbitConsumer::ack(const Delivery& delivery) {
  if (!link_ || delivery.session != session_ || !answers_.ack(delivery.tag)) return;
  answered();
}

void RabbitConsumer::reject(const Delivery& delivery, bool requeue) {
  if (!link_ || delivery.session != session_ || !answers_.reject(delivery.tag)) return;
  amqp_basic_reject_t fields{delivery.tag, static_cast<amqp_boolean_t>(requeue ? 1 : 0)};
  link_->out().method(publish_channel, AMQP_BASIC_REJECT_METHOD, &fields);
  answered();
}

void RabbitConsumer::answered() {
  ++unsent_answers_;
  const bool caller_is_quick = now() - handed_out_at_ < quick;
  if (caller_is_quick && !ready_.empty() && unsent_answers_ < most_unsent_answers) return;
  // A broken connection shows at the next receive().
  [[maybe_unused]] const Status sent = send_answers();
}

Status RabbitConsumer::send_answers() {
  unsent_answers_ = 0;
  for (const auto& ack : answers_.take()) {
    amqp_basic_ack_t fields{ack.tag, static_cast<amqp_boolean_t>(ack.multiple ? 1 : 0)};
    link_->out().method(publish_channel, AMQP_BASIC_ACK_METHOD, &fields);
  }
  return link_->flush();
}

void RabbitConsumer::stop() {
  stopped_ = true;
  wakeup_.signal();
}

void RabbitConsumer::pause(MonoTime until) {
  pollfd polled{wakeup_.fd(), POLLIN, 0};
  ::poll(&polled, 1, Deadline(until).poll_timeout());
}

}  // namespace waybill::broker::rabbitmq
