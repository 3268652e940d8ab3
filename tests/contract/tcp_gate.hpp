#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "broker/rabbitmq/transport.hpp"
#include "core/wakeup.hpp"

namespace waybill::testing {

/// A gate on the way to a real server, for faults of the network: it can cut all connections, turn new ones away, and
/// hold back what the server answers.
class TcpGate {
 public:
  /// Listens at `at`, or where there is room. port() is 0 when that is taken.
  TcpGate(std::string host, std::uint16_t port, std::uint16_t at = 0);
  ~TcpGate();

  std::uint16_t port() const { return port_; }

  void cut() {
    command([this] { ++cuts_; });
  }
  /// New connections are cut at once, too.
  void open(bool open) {
    command([&] {
      open_ = open;
      if (!open) ++cuts_;
    });
  }
  /// The server's answers stay in the gate; what the client sends goes through.
  void hold_answers(bool hold) {
    command([&] { hold_ = hold; });
  }

 private:
  struct Flow {
    std::string waiting;
    bool from_server = false;
  };
  struct Pair {
    broker::rabbitmq::Descriptor client, server;
    Flow up, down{{}, true};
    bool broken = false;
  };

  template <class Change>
  void command(Change change) {
    change();
    wakeup_.signal();
  }
  void run();
  void accept();
  void move(Pair& pair, Flow& flow, int from, int to, bool readable) const;

  std::string host_;
  std::uint16_t server_port_;
  broker::rabbitmq::Descriptor listener_;
  std::uint16_t port_ = 0;
  Wakeup wakeup_;
  std::atomic<bool> stopping_{false}, open_{true}, hold_{false};
  std::atomic<int> cuts_{0};
  int cuts_seen_ = 0;
  std::vector<std::unique_ptr<Pair>> pairs_;
  std::thread thread_;
};

}  // namespace waybill::testing
