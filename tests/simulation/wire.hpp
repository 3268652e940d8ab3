#pragma once

/// \file
/// One relay's connection to the model of a broker: what is written, what has arrived, what is answered.

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"
#include "ledger.hpp"
#include "relay/event.hpp"
#include "rng.hpp"

namespace waybill::simulation {

/// What befalls the broker's side, the same for all connections.
struct Weather {
  unsigned nack_percent = 0;  ///< of ordinary messages
  unsigned return_percent = 0;
  bool exchange_missing = false;
  bool silent = false;         ///< takes messages, answers nothing
  std::string silent_topic{};  ///< the same, for the messages of one topic
};

class Wire {
 public:
  Wire(Ledger& ledger, std::size_t relay) : ledger_(ledger), relay_(relay) {}

  bool is_up() const { return up_; }
  std::size_t unanswered() const { return written_.size() + taken_.size() + mute_.size(); }
  bool can_arrive() const { return up_ && !written_.empty(); }
  bool can_answer() const { return up_ && !taken_.empty(); }

  void up() { up_ = true; }
  /// Messages handed over; without a connection each is `unsent`, which the relay hears by refused().
  void write(std::vector<broker::Outgoing> messages);
  /// What was handed over while there was no connection.
  std::vector<broker::Outcome> refused() { return std::exchange(refused_, {}); }
  /// Whether the next message is one that the relay does not survive.
  bool next_is_lethal() const { return can_arrive() && nature_of(written_.front()) == Nature::lethal; }
  /// The broker reads the next message. False: it was poison, the connection must end.
  bool arrive(const Weather& weather, Rng& rng);
  /// What was taken and never answered is answered from now on.
  void speak_again();
  /// The broker answers one message, not always the oldest, sometimes several in one go.
  std::vector<broker::Outcome> answer(Rng& rng);
  /// The connection ends: some of what was written still arrives, and all open answers are lost.
  std::vector<broker::Outcome> end(const Weather& weather, Rng& rng);
  /// The relay is gone, so nobody hears the outcomes.
  void abandon(const Weather& weather, Rng& rng) {
    end(weather, rng);
    refused_.clear();
  }

 private:
  struct Taken {
    broker::Outgoing message;
    broker::OutcomeKind kind = broker::OutcomeKind::confirmed;
  };
  void take(broker::Outgoing message, const Weather& weather, Rng& rng);
  Nature nature_of(const broker::Outgoing& message) const;

  Ledger& ledger_;
  std::size_t relay_;
  bool up_ = false;
  std::deque<broker::Outgoing> written_;
  std::vector<Taken> taken_;
  std::vector<Taken> mute_;  // taken, and never answered
  std::vector<broker::Outcome> refused_;
};

}  // namespace waybill::simulation
