#include "broker/rabbitmq/session.hpp"

#include <algorithm>
#include <utility>

#include "broker/rabbitmq/channels.hpp"

namespace waybill::broker::rabbitmq {

Session::Session(Link& link, ExchangeGate& gate) : link_(link), gate_(gate) {
  gate_.forget();
  open_channel();
  open_control();
}

void Session::open_channel() {
  amqp_channel_open_t open{amqp_empty_bytes};
  amqp_confirm_select_t select{0};
  link_.out().method(publish_channel, AMQP_CHANNEL_OPEN_METHOD, &open);
  link_.out().method(publish_channel, AMQP_CONFIRM_SELECT_METHOD, &select);
  ready_ = false;
  answered_ = false;
}

void Session::open_control() {
  amqp_channel_open_t open{amqp_empty_bytes};
  link_.out().method(control_channel, AMQP_CHANNEL_OPEN_METHOD, &open);
  control_ready_ = false;
}

void Session::accept(std::vector<Outgoing> messages) {
  for (auto& message : messages) queue_.push_back(std::move(message));
}

std::optional<Loss> Session::advance(MonoTime now) {
  const auto lost = [](const Error& error) { return Loss{DownCause::lost, error.message()}; };
  if (auto got = link_.fill(); !got) return lost(got.error());
  Frame frame;
  while (true) {
    auto found = link_.next(frame);
    if (!found) return lost(found.error());
    if (!*found) break;
    if (auto loss = take_frame(frame, now)) return loss;
  }
  // Writing in turns with filling the buffer, until the socket is full or nothing is left.
  while (true) {
    hand_out(now);
    ask();
    const std::uint64_t before = link_.out().left_total();
    if (auto sent = link_.flush(); !sent) return lost(sent.error());
    if (!link_.out().pending().empty() || link_.out().left_total() == before) break;
  }
  if (auto alive = link_.keep_alive(now); !alive) return lost(alive.error());
  return std::nullopt;
}

void Session::hand_out(MonoTime now) {
  write_body();
  while (ready_ && !blocked_ && !body_ && !queue_.empty() && link_.out().pending().size() < FrameWriter::high_water) {
    Outgoing message = std::move(queue_.front());
    queue_.pop_front();
    if (message.exchange.size() > max_name_bytes) {
      publish(std::move(message));  // says what is wrong; the broker can't even be asked for it
      continue;
    }
    switch (gate_.enter(message.exchange, now)) {
      case ExchangeGate::Answer::open:
        publish(std::move(message));
        break;
      case ExchangeGate::Answer::wait:
        held_[message.exchange].push_back(std::move(message));
        break;
      case ExchangeGate::Answer::refused:
        outcomes_.push_back({message.tag, OutcomeKind::route_fault, gate_.words(message.exchange)});
        break;
    }
  }
}

void Session::publish(Outgoing message) {
  const std::uint64_t starts_at = link_.out().added_total();
  if (auto begun = encoder_.begin(link_.out(), publish_channel, message); !begun) {
    outcomes_.push_back({message.tag, OutcomeKind::undeliverable, begun.error().message()});
    return;
  }
  if (!message.message->payload.empty()) body_ = Body{message.message, 0};
  const std::uint64_t ends_at = link_.out().added_total() + link_.out().size_as_bodies(message.message->payload.size());
  ledger_.add(std::move(message), starts_at, ends_at);
  write_body();
}

void Session::write_body() {
  const std::size_t largest = link_.out().largest_body();
  while (body_ && link_.out().pending().size() < FrameWriter::high_water) {
    const std::string_view rest = std::string_view(body_->message->payload).substr(body_->offset);
    const std::size_t size = std::min(rest.size(), largest);
    link_.out().body(publish_channel, rest.substr(0, size));
    body_->offset += size;
    if (body_->offset == body_->message->payload.size()) body_.reset();
  }
}

void Session::ask() {
  if (!control_ready_ || asked_) return;
  asked_ = gate_.next_question();
  if (!asked_) return;
  amqp_exchange_declare_t declare{};
  declare.exchange = amqp_view(*asked_);
  declare.type = amqp_cstring_bytes("direct");
  declare.passive = 1;
  if (!link_.out().method(control_channel, AMQP_EXCHANGE_DECLARE_METHOD, &declare)) asked_.reset();
}

void Session::release_held(const std::string& exchange, MonoTime now) {
  auto held = held_.extract(exchange);
  if (!held) return;
  // They came before everything that waits in the queue now.
  for (auto it = held.mapped().rbegin(); it != held.mapped().rend(); ++it) queue_.push_front(std::move(*it));
  hand_out(now);
}

void Session::abandon(const std::string& reason) {
  ledger_.abandon(link_.out().left_total(), reason, outcomes_);
  for (auto& [exchange, messages] : held_) {
    for (const Outgoing& message : messages) outcomes_.push_back({message.tag, OutcomeKind::unsent, reason});
  }
  for (const Outgoing& message : queue_) outcomes_.push_back({message.tag, OutcomeKind::unsent, reason});
  held_.clear();
  queue_.clear();
  body_.reset();
}

}  // namespace waybill::broker::rabbitmq
