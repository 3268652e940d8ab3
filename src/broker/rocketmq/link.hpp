#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "broker/backoff.hpp"
#include "broker/rocketmq/calls.hpp"
#include "broker/rocketmq/channel.hpp"
#include "core/time.hpp"

namespace waybill::broker::rocketmq {

/// The connection to one proxy. It is up while the proxy answers, and comes back by itself.
class Link {
 public:
  /// All must outlive the link, which names itself as the owner of its calls.
  Link(const Settings& settings, const Identity& identity, Address address, Calls& calls);

  /// Connects again when it is time, and asks for a sign of life when there was none for long. Never blocks.
  void look();
  /// The proxy can't be reached any more: its calls are cancelled.
  void lose(std::string reason);
  /// A call was answered.
  void heard();

  bool up() const { return state_ == State::up; }
  const Address& address() const { return address_; }
  const std::string& complaint() const { return complaint_; }  ///< why it went down last
  bool is_refused() const { return refused_; }                 ///< for the login, not for want of a connection
  std::uint64_t times_down() const { return times_down_; }
  Stub& stub() const { return *stub_; }

 private:
  enum class State { connecting, up, down };

  void connect();
  void ask_for_life();

  const Settings& settings_;
  const Identity& identity_;
  const Address address_;
  Calls& calls_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
  State state_ = State::down;
  std::string complaint_;
  bool refused_ = false;
  std::uint64_t times_down_ = 0;  ///< also tells which connection an answer is of
  Backoff backoff_{std::chrono::seconds{10}};
  MonoTime connect_at_{};
  MonoTime heard_at_{};
  bool asking_ = false;
};

}  // namespace waybill::broker::rocketmq
