#include "broker/rocketmq/link.hpp"

#include <utility>

#include "broker/rocketmq/reply.hpp"

namespace waybill::broker::rocketmq {
namespace {

constexpr Duration quiet_limit = std::chrono::seconds{3};
constexpr Duration answer_limit = std::chrono::seconds{5};

MonoTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

Link::Link(const Settings& settings, const Identity& identity, Address address, Calls& calls)
    : settings_(settings), identity_(identity), address_(std::move(address)), calls_(calls) {
  connect();
}

void Link::connect() {
  state_ = State::connecting;
  auto opened = open_channel(settings_, address_);
  if (!opened) return lose(opened.error().message());
  channel_ = *std::move(opened);
  stub_ = v2::MessagingService::NewStub(channel_);
  ask_for_life();
}

// Any answer is a sign of life, such as that the proxy does not know us yet.
void Link::ask_for_life() {
  asking_ = true;
  v2::HeartbeatRequest request;
  request.set_client_type(v2::PRODUCER);
  calls_.make<v2::HeartbeatRequest, v2::HeartbeatResponse>(
      *stub_, &Stub::async_interface::Heartbeat, std::move(request), this,
      [this](grpc::ClientContext& context) { identity_.introduce(context, answer_limit); },
      [this, of = times_down_](const grpc::Status& status, v2::HeartbeatResponse& response) {
        if (of != times_down_) return;
        asking_ = false;
        if (!status.ok()) return lose(words_of(status));
        refused_ = refuses_us(response.status().code());
        if (refused_) return lose(words_of(response.status()));
        heard();
        state_ = State::up;
        backoff_.reset();
      });
}

void Link::look() {
  if (state_ == State::down && now() >= connect_at_) connect();
  if (state_ == State::up && !asking_ && now() - heard_at_ > quiet_limit) ask_for_life();
}

void Link::lose(std::string reason) {
  if (state_ == State::down) return;
  state_ = State::down;
  asking_ = false;
  ++times_down_;
  complaint_ = std::move(reason);
  connect_at_ = now() + backoff_.next();
  calls_.cancel(this);
}

void Link::heard() { heard_at_ = now(); }

}  // namespace waybill::broker::rocketmq
