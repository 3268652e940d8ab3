#include "fake_amqp/fake_broker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "broker/rabbitmq/channels.hpp"
#include "broker/rabbitmq/properties.hpp"
#include "broker/rabbitmq/reader.hpp"

namespace waybill::testing {

using broker::rabbitmq::amqp_view;
using broker::rabbitmq::ContentHeader;
using broker::rabbitmq::control_channel;
using broker::rabbitmq::Descriptor;
using broker::rabbitmq::Frame;
using broker::rabbitmq::FrameReader;
using broker::rabbitmq::publish_channel;
using broker::rabbitmq::Reader;

namespace {

constexpr std::string_view protocol_header("AMQP\0\0\x09\x01", 8);

}  // namespace

FakeBroker::FakeBroker() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  script_ = [](Peer& peer, const Published& message) { peer.ack(message.tag); };
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  if (::bind(listener_.get(), generic, length) == 0 && ::listen(listener_.get(), 8) == 0 &&
      ::getsockname(listener_.get(), generic, &length) == 0) {
    port_ = ntohs(address.sin_port);
  }
  thread_ = std::thread([this] { run(); });
}

FakeBroker::~FakeBroker() {
  stopping_ = true;
  wakeup_.signal();
  thread_.join();
}

void FakeBroker::script(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void FakeBroker::act(std::function<void(Peer&)> what) {
  const std::lock_guard lock(mutex_);
  acts_.push_back(std::move(what));
  wakeup_.signal();
}

void FakeBroker::missing(const std::string& exchange) {
  const std::lock_guard lock(mutex_);
  missing_.insert(exchange);
}

std::vector<Published> FakeBroker::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

void FakeBroker::run() {
  while (!stopping_) {
    const short wanted = static_cast<short>((peer_ && peer_->reading_ ? POLLIN : 0) |
                                            (peer_ && !peer_->out_.pending().empty() ? POLLOUT : 0));
    std::array<pollfd, 3> polled{pollfd{wakeup_.fd(), POLLIN, 0}, pollfd{listener_.get(), POLLIN, 0},
                                 pollfd{peer_ ? peer_->socket_.get() : -1, wanted, 0}};
    ::poll(polled.data(), polled.size(), 1000);
    wakeup_.clear();
    if (polled[1].revents != 0) accept();
    if (!peer_) continue;
    std::vector<std::function<void(Peer&)>> acts;
    {
      const std::lock_guard lock(mutex_);
      acts.swap(acts_);
    }
    for (const auto& act : acts) act(*peer_);
    if (!serve_once(polled[1].revents == 0 && (polled[2].revents & ~POLLOUT) != 0)) peer_.reset();
  }
}

void FakeBroker::accept() {
  Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.get() < 0) return;
  ++connections_;
  peer_ = std::make_unique<Peer>(std::move(socket));
}

bool FakeBroker::serve_once(bool readable) {
  if (readable && peer_->reading_) {
    const auto room = peer_->in_.room();
    const auto count = ::recv(peer_->socket_.get(), room.data(), room.size(), 0);
    if (count == 0) return false;
    if (count > 0) peer_->in_.added(static_cast<std::size_t>(count));
    if (!silent_ && !peer_->greeted_) greet();
    Frame frame;
    while (peer_->greeted_ && peer_->in_.next(frame) == FrameReader::Found::frame) take(frame);
  }
  const std::string_view pending = peer_->out_.pending();
  if (!pending.empty()) {
    const auto count = ::send(peer_->socket_.get(), pending.data(), pending.size(), MSG_NOSIGNAL);
    if (count > 0) peer_->out_.written(static_cast<std::size_t>(count));
  }
  return !peer_->dropped_;
}

void FakeBroker::greet() {
  if (!peer_->in_.skip(protocol_header)) return;
  peer_->greeted_ = true;
  amqp_connection_start_t start{0, 9, {0, nullptr}, amqp_cstring_bytes("AMQPLAIN PLAIN"), amqp_cstring_bytes("en_US")};
  peer_->out_.method(0, AMQP_CONNECTION_START_METHOD, &start);
}

void FakeBroker::take(const Frame& frame) {
  if (frame.type == AMQP_FRAME_HEARTBEAT) return;
  if (frame.type != AMQP_FRAME_METHOD) {
    if (!peer_->publish_closed_) take_content(frame);
    return;
  }
  take_method(frame.channel, Reader(frame.payload).u32(), frame.payload.substr(4));
}

void FakeBroker::take_method(std::uint16_t channel, std::uint32_t method, std::string_view arguments) {
  auto& out = peer_->out_;
  Reader reader(arguments);
  if (channel == publish_channel && peer_->publish_closed_) {
    if (method == AMQP_CHANNEL_CLOSE_OK_METHOD) peer_->publish_closed_ = false;
    return;
  }
  switch (method) {
    case AMQP_CONNECTION_START_OK_METHOD: {
      if (refuse_) return peer_->close_connection(403, "ACCESS_REFUSED - Login was refused");
      amqp_connection_tune_t tune{16, broker::rabbitmq::default_frame_max, 60};
      out.method(0, AMQP_CONNECTION_TUNE_METHOD, &tune);
      return;
    }
    case AMQP_CONNECTION_OPEN_METHOD: {
      amqp_connection_open_ok_t ok{amqp_empty_bytes};
      out.method(0, AMQP_CONNECTION_OPEN_OK_METHOD, &ok);
      return;
    }
    case AMQP_CONNECTION_CLOSE_METHOD: {
      amqp_connection_close_ok_t ok{0};
      out.method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
      return;
    }
    case AMQP_CHANNEL_OPEN_METHOD: {
      if (channel == publish_channel) peer_->last_tag_ = 0;
      amqp_channel_open_ok_t ok{amqp_empty_bytes};
      out.method(channel, AMQP_CHANNEL_OPEN_OK_METHOD, &ok);
      return;
    }
    case AMQP_CONFIRM_SELECT_METHOD: {
      amqp_confirm_select_ok_t ok{0};
      out.method(channel, AMQP_CONFIRM_SELECT_OK_METHOD, &ok);
      return;
    }
    case AMQP_EXCHANGE_DECLARE_METHOD: {
      reader.u16();
      const std::string exchange(reader.short_string());
      const std::lock_guard lock(mutex_);
      if (missing_.count(exchange) != 0) {
        const std::string text = "NOT_FOUND - no exchange '" + exchange + "' in vhost '/'";
        amqp_channel_close_t close{404, amqp_view(text), 40, 10};
        out.method(control_channel, AMQP_CHANNEL_CLOSE_METHOD, &close);
        return;
      }
      amqp_exchange_declare_ok_t ok{0};
      out.method(control_channel, AMQP_EXCHANGE_DECLARE_OK_METHOD, &ok);
      return;
    }
    case AMQP_BASIC_PUBLISH_METHOD:
      reader.u16();
      peer_->arriving_ = {};
      peer_->arriving_.tag = ++peer_->last_tag_;
      peer_->arriving_.exchange = reader.short_string();
      peer_->arriving_.routing_key = reader.short_string();
      return;
    default:
      return;
  }
}

void FakeBroker::take_content(const Frame& frame) {
  Published& arriving = peer_->arriving_;
  if (frame.type == AMQP_FRAME_HEADER) {
    ContentHeader header;
    if (!broker::rabbitmq::read_header(frame.payload, header)) return peer_->drop();
    arriving.id = header.message_id;
    peer_->body_left_ = header.body_size;
  } else {
    arriving.body.append(frame.payload);
    peer_->body_left_ -= frame.payload.size();
  }
  if (peer_->body_left_ == 0) deliver();
}

void FakeBroker::deliver() {
  Script script;
  {
    const std::lock_guard lock(mutex_);
    published_.push_back(peer_->arriving_);
    script = script_;
  }
  script(*peer_, peer_->arriving_);
}

}  // namespace waybill::testing
