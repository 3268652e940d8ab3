#include <algorithm>
#include <limits>
#include <utility>

#include "broker/rabbitmq/channels.hpp"
#include "broker/rabbitmq/properties.hpp"
#include "broker/rabbitmq/session.hpp"

namespace waybill::broker::rabbitmq {
namespace {

/// The broker did what the protocol does not allow: nothing it says about this connection counts any more.
Loss violation(const std::string& what) { return {DownCause::lost, "the broker broke the protocol: " + what}; }

/// Who ended it: the broker for reasons of its own, in good order or in trouble, or because of what it was sent.
DownCause cause_of(const CloseReason& reason) {
  switch (reason.code) {
    case AMQP_REPLY_SUCCESS:
    case AMQP_CONNECTION_FORCED:
      return DownCause::closed;
    case AMQP_RESOURCE_ERROR:
    case AMQP_INTERNAL_ERROR:
      return DownCause::lost;
    default:
      return DownCause::protocol;
  }
}

/// More than we ever have waiting to be read unless the broker makes us answer and answer.
constexpr std::size_t most_unread = 4 * FrameWriter::high_water;

}  // namespace

std::optional<Loss> Session::take_frame(const Frame& frame, MonoTime now) {
  if (link_.out().pending().size() > most_unread) return violation("it reads no answers, but goes on asking");
  if (frame.type != AMQP_FRAME_METHOD) {
    if (frame.channel == publish_channel && return_) return take_returned_content(frame);
    return violation("content that belongs to nothing");
  }
  // Frames of other channels may come in between.
  if (return_ && frame.channel == publish_channel) return violation("a method in the middle of a returned message");
  if (frame.payload.size() < 4) return violation("a method without a number");
  const std::uint32_t method = Reader(frame.payload).u32();
  const std::string_view arguments = frame.payload.substr(4);
  switch (frame.channel) {
    case 0:
      return take_connection_method(method, arguments);
    case publish_channel:
      return take_publish_method(method, arguments, now);
    case control_channel:
      return take_control_method(method, arguments, now);
    default:
      return violation("a frame for channel " + std::to_string(frame.channel));
  }
}

std::optional<Loss> Session::take_connection_method(std::uint32_t method, std::string_view arguments) {
  switch (method) {
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ = true;
      blocked_reason_ = Reader(arguments).short_string();
      return std::nullopt;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blocked_ = false;
      return std::nullopt;
    case AMQP_CONNECTION_CLOSE_METHOD: {
      const CloseReason reason = read_close(arguments);
      amqp_connection_close_ok_t ok{0};
      link_.out().method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
      // Best effort: the broker has stopped reading anything else.
      [[maybe_unused]] const Status sent = link_.flush();
      return Loss{cause_of(reason), reason.words()};
    }
    default:
      return violation("an unexpected method on channel 0");
  }
}

std::optional<Loss> Session::settle(std::string_view arguments, OutcomeKind kind) {
  Reader reader(arguments);
  const std::uint64_t tag = reader.u64();
  const bool multiple = (reader.u8() & 1) != 0;
  const std::string name = kind == OutcomeKind::confirmed ? "basic.ack" : "basic.nack";
  if (!reader.ok()) return violation("a truncated " + name);
  if (!ledger_.settle(tag, multiple, kind, link_.out().left_total(), outcomes_)) {
    return violation(name + " for delivery tag " + std::to_string(tag) + ", which is not outstanding");
  }
  confirmed_any_ = answered_ = true;
  return std::nullopt;
}

std::optional<Loss> Session::take_publish_method(std::uint32_t method, std::string_view arguments, MonoTime now) {
  switch (method) {
    case AMQP_BASIC_ACK_METHOD:
      return settle(arguments, OutcomeKind::confirmed);
    case AMQP_BASIC_NACK_METHOD:
      return settle(arguments, OutcomeKind::rejected);
    case AMQP_BASIC_RETURN_METHOD: {
      Reader reader(arguments);
      Return back;
      back.answer = std::to_string(reader.u16());
      back.answer.append(" ").append(reader.short_string());
      back.exchange = reader.short_string();
      back.routing_key = reader.short_string();
      if (!reader.ok()) return violation("a truncated basic.return");
      return_ = std::move(back);
      return std::nullopt;
    }
    case AMQP_CHANNEL_OPEN_OK_METHOD:
      return std::nullopt;
    case AMQP_CONFIRM_SELECT_OK_METHOD:
      ready_ = true;
      return std::nullopt;
    case AMQP_CHANNEL_FLOW_METHOD: {
      amqp_channel_flow_ok_t ok{static_cast<amqp_boolean_t>(Reader(arguments).u8() & 1)};
      link_.out().method(publish_channel, AMQP_CHANNEL_FLOW_OK_METHOD, &ok);
      return std::nullopt;
    }
    case AMQP_CHANNEL_CLOSE_METHOD:
      return take_channel_close(read_close(arguments), now);
    default:
      return violation("an unexpected method on the publishing channel");
  }
}

std::optional<Loss> Session::take_returned_content(const Frame& frame) {
  if (!return_->has_header) {
    ContentHeader header;
    if (frame.type != AMQP_FRAME_HEADER || !read_header(frame.payload, header)) {
      return violation("a malformed content header");
    }
    if (!ledger_.returned(header.message_id, return_->exchange, return_->routing_key, return_->answer,
                          link_.out().left_total())) {
      return violation("basic.return for a message that is not in flight");
    }
    return_->has_header = true;
    return_->body_left = header.body_size;
  } else {
    if (frame.type != AMQP_FRAME_BODY || frame.payload.size() > return_->body_left) {
      return violation("a returned body longer than announced");
    }
    return_->body_left -= frame.payload.size();
  }
  if (return_->body_left == 0) return_.reset();
  return std::nullopt;
}

// A closing channel withholds confirms it had earned, and ignores what follows: all of it is in doubt.
void Session::put_in_doubt(const CloseReason& reason) {
  ledger_.abandon(std::numeric_limits<std::uint64_t>::max(), reason.words(), outcomes_);
  body_.reset();
  gate_.doubt();
}

std::optional<Loss> Session::take_channel_close(const CloseReason& reason, MonoTime now) {
  amqp_channel_close_ok_t ok{0};
  link_.out().method(publish_channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
  const bool refused = reason.code == AMQP_ACCESS_REFUSED;
  // Permissions for topics: the exchange is there for others, and the message would be refused again.
  const bool of_topic = refused && reason.text.find("access to topic '") != std::string::npos;
  const bool of_one = of_topic && ledger_.refuse_topic(reason.text, reason.words(), outcomes_);
  const auto forbidden = refused && !of_topic ? ledger_.exchange_named_in(reason.text) : std::optional<std::string>();
  // A missing exchange is found out by asking; if that does not help, the same messages would close the next one too.
  const bool again = closed_barren_ && !answered_;
  if (!forbidden && !of_one && (reason.code != AMQP_NOT_FOUND || again)) {
    [[maybe_unused]] const Status sent = link_.flush();
    return Loss{cause_of(reason), reason.words()};
  }
  closed_barren_ = reason.code == AMQP_NOT_FOUND && !answered_;
  put_in_doubt(reason);
  // A forbidden exchange does exist: only its refusal tells.
  if (forbidden) gate_.fault(*forbidden, reason.words(), now);
  open_channel();
  return std::nullopt;
}

std::optional<Loss> Session::take_control_method(std::uint32_t method, std::string_view arguments, MonoTime now) {
  switch (method) {
    case AMQP_CHANNEL_OPEN_OK_METHOD:
      control_ready_ = true;
      return std::nullopt;
    case AMQP_EXCHANGE_DECLARE_OK_METHOD: {
      if (!asked_) return violation("an answer to no question");
      const std::string exchange = *std::exchange(asked_, std::nullopt);
      gate_.found(exchange);
      release_held(exchange, now);
      return std::nullopt;
    }
    case AMQP_CHANNEL_CLOSE_METHOD: {
      const CloseReason reason = read_close(arguments);
      amqp_channel_close_ok_t ok{0};
      link_.out().method(control_channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
      open_control();
      if (!asked_) return std::nullopt;
      const std::string exchange = *std::exchange(asked_, std::nullopt);
      gate_.fault(exchange, reason.words(), now);
      release_held(exchange, now);
      return std::nullopt;
    }
    default:
      return violation("an unexpected method on the control channel");
  }
}

}  // namespace waybill::broker::rabbitmq
