#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace waybill::broker::rabbitmq {

/// Which deliveries of one channel have been answered. Acknowledgements that follow each other leave as one with
/// `multiple`: a quorum queue takes few commands at a time from a channel, and forgets those still waiting when it
/// closes.
class AnswerLedger {
 public:
  struct Ack {
    std::uint64_t tag = 0;
    bool multiple = false;
  };

  void delivered() { states_.push_back(State::open); }
  /// False: never delivered here, or answered before: nothing is to be sent.
  bool ack(std::uint64_t tag);
  bool reject(std::uint64_t tag);
  /// What says all acknowledgements since the last call.
  std::vector<Ack> take();

 private:
  enum class State : char { open, acked, told };
  State* open_state(std::uint64_t tag);

  std::deque<State> states_;  ///< of first_tag_, first_tag_ + 1, ...
  std::uint64_t first_tag_ = 1;
  std::size_t untold_ = 0;
};

}  // namespace waybill::broker::rabbitmq
