#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/publisher.hpp"
#include "broker/rabbitmq/confirm_ledger.hpp"
#include "broker/rabbitmq/content.hpp"
#include "broker/rabbitmq/exchange_gate.hpp"
#include "broker/rabbitmq/link.hpp"

namespace waybill::broker::rabbitmq {

/// Why a connection is over.
struct Loss {
  DownCause cause = DownCause::lost;
  std::string reason;
};

/// Publishing on one connection: channel 1 carries messages and confirms, channel 2 asks whether exchanges exist. Used
/// by one thread; never blocks.
class Session {
 public:
  Session(Link& link, ExchangeGate& gate);

  /// Hands over messages, in order; they wait here while the broker blocks or an exchange is being asked for.
  void accept(std::vector<Outgoing> messages);

  /// Reads, answers and writes all that can be done now. A Loss: the connection is of no more use; call abandon().
  std::optional<Loss> advance(MonoTime now);

  /// Gives every message that is still here its outcome.
  void abandon(const std::string& reason);

  bool ready() const { return ready_; }  ///< the broker has agreed to confirm
  bool blocked() const { return blocked_; }
  const std::string& blocked_reason() const { return blocked_reason_; }
  bool confirmed_any() const { return confirmed_any_; }
  std::vector<Outcome>& outcomes() { return outcomes_; }

 private:
  struct Body {
    std::shared_ptr<const Message> message;
    std::size_t offset = 0;
  };
  struct Return {
    std::string exchange, routing_key, answer;
    std::uint64_t body_left = 0;
    bool has_header = false;
  };

  // session.cpp: what goes out
  void open_channel();
  void open_control();
  void hand_out(MonoTime now);
  void publish(Outgoing message);
  void write_body();
  void ask();
  void release_held(const std::string& exchange, MonoTime now);

  // session_input.cpp: what comes in
  std::optional<Loss> take_frame(const Frame& frame, MonoTime now);
  std::optional<Loss> take_connection_method(std::uint32_t method, std::string_view arguments);
  std::optional<Loss> take_publish_method(std::uint32_t method, std::string_view arguments, MonoTime now);
  std::optional<Loss> take_control_method(std::uint32_t method, std::string_view arguments, MonoTime now);
  std::optional<Loss> take_returned_content(const Frame& frame);
  std::optional<Loss> take_channel_close(const CloseReason& reason, MonoTime now);
  std::optional<Loss> settle(std::string_view arguments, OutcomeKind kind);
  void put_in_doubt(const CloseReason& reason);

  Link& link_;
  ExchangeGate& gate_;
  ContentEncoder encoder_;
  ConfirmLedger ledger_;
  std::deque<Outgoing> queue_;                        ///< not yet looked at
  std::map<std::string, std::deque<Outgoing>> held_;  ///< by exchange, while it is being asked for
  std::optional<Body> body_;                          ///< the message that is being written
  std::optional<Return> return_;                      ///< the message that is coming back
  std::optional<std::string> asked_;                  ///< the exchange that was asked for
  std::vector<Outcome> outcomes_;
  std::string blocked_reason_;
  bool ready_ = false;
  bool control_ready_ = false;
  bool blocked_ = false;
  bool confirmed_any_ = false;
  bool answered_ = false;       ///< the present channel has confirmed or refused something
  bool closed_barren_ = false;  ///< the channel before it had not, and asking for exchanges was to show why
};

}  // namespace waybill::broker::rabbitmq
