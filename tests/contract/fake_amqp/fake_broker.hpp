#pragma once

/// \file
/// A broker that says whatever a test wants: it speaks enough AMQP 0-9-1 to be published to, then follows a script,
/// also one that breaks the protocol.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "broker/rabbitmq/frame.hpp"
#include "broker/rabbitmq/transport.hpp"
#include "core/wakeup.hpp"

namespace waybill::testing {

/// One message that was published to the fake broker.
struct Published {
  std::uint64_t tag = 0;  ///< its delivery tag on its channel
  std::string exchange, routing_key, id, body;
};

/// The broker's side of one connection. For the broker's thread only: inside the script or FakeBroker::act().
class Peer {
 public:
  explicit Peer(broker::rabbitmq::Descriptor socket) : socket_(std::move(socket)) {}

  void ack(std::uint64_t tag, bool multiple = false);
  void nack(std::uint64_t tag, bool multiple = false);
  /// `between` sends what comes in the middle, between the method and its content.
  void give_back(const Published& message, const std::function<void()>& between = {});
  /// So many times `channel.flow`, each of which asks for an answer.
  void flow(int times);
  void block(const std::string& reason);
  void unblock();
  void close_connection(std::uint16_t code, const std::string& text);
  void close_channel(std::uint16_t code, const std::string& text);
  void heartbeat() { out_.heartbeat(); }
  void raw(const std::string& bytes) { out_.raw(bytes); }
  void drop() { dropped_ = true; }
  /// Stops and starts reading what the publisher sends.
  void read(bool reading) { reading_ = reading; }

 private:
  friend class FakeBroker;

  broker::rabbitmq::Descriptor socket_;
  broker::rabbitmq::FrameReader in_;
  broker::rabbitmq::FrameWriter out_;
  Published arriving_;
  std::uint64_t body_left_ = 0;
  std::uint64_t last_tag_ = 0;
  bool greeted_ = false;
  bool publish_closed_ = false;  ///< between channel.close and its answer everything is ignored
  bool reading_ = true;
  bool dropped_ = false;
};

class FakeBroker {
 public:
  using Script = std::function<void(Peer&, const Published&)>;

  FakeBroker();
  ~FakeBroker();

  std::uint16_t port() const { return port_; }
  std::string url() const { return "amqp://user:word@127.0.0.1:" + std::to_string(port_) + "/"; }

  /// Called for each message that has arrived whole, on the broker's thread. The default acknowledges.
  void script(Script script);
  /// Runs `what` on the broker's thread with the present connection, when there is one.
  void act(std::function<void(Peer&)> what);
  /// Exchanges that the broker says are missing.
  void missing(const std::string& exchange);
  /// Connections are taken, but nothing is ever said: a stalled proxy.
  void silent(bool silent) { silent_ = silent; }
  /// Logins are refused.
  void refuse_logins(bool refuse) { refuse_ = refuse; }

  std::vector<Published> published() const;
  int connections() const { return connections_; }

 private:
  void run();
  void accept();
  bool serve_once(bool readable);
  void take(const broker::rabbitmq::Frame& frame);
  void take_method(std::uint16_t channel, std::uint32_t method, std::string_view arguments);
  void take_content(const broker::rabbitmq::Frame& frame);
  void deliver();
  void greet();

  broker::rabbitmq::Descriptor listener_;
  std::uint16_t port_ = 0;
  Wakeup wakeup_;
  std::unique_ptr<Peer> peer_;
  std::atomic<bool> stopping_{false}, silent_{false}, refuse_{false};
  std::atomic<int> connections_{0};

  mutable std::mutex mutex_;  ///< guards what follows
  Script script_;
  std::vector<std::function<void(Peer&)>> acts_;
  std::set<std::string> missing_;
  std::vector<Published> published_;
  std::thread thread_;
};

}  // namespace waybill::testing
