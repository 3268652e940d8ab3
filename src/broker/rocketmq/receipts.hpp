#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::rocketmq {

/// What the broker needs to hear when a delivery is answered.
struct Receipt {
  std::string message_id;
  std::string handle;  ///< another one each time that the delivery was kept invisible longer
  const void* from = nullptr;
};

/// The deliveries of one consumer between their receipt and their answer: those that wait for receive(), and those that
/// were handed out. Any thread.
class Receipts {
 public:
  explicit Receipts(std::size_t prefetch) : prefetch_(prefetch) {}

  /// Room for at most `most` deliveries that are about to be received; waits for room until the deadline. 0: none.
  std::size_t reserve(std::size_t most, Deadline deadline);
  /// Gives back room that was not needed.
  void release(std::size_t count);
  /// A delivery that room was reserved for. Its tag becomes its own.
  void add(Delivery delivery, Receipt receipt, MonoTime now);

  std::optional<Delivery> hand_out();
  /// The delivery is answered: nobody keeps it invisible any more. Nothing for one that was answered before.
  std::optional<Receipt> take(std::uint64_t tag);

  struct Due {
    std::uint64_t tag;
    Receipt receipt;
  };
  /// Those of one receiver that were made invisible longer ago than `age`.
  std::vector<Due> due(const void* from, Duration age, MonoTime now) const;
  void renewed(std::uint64_t tag, std::string handle, MonoTime now);
  /// It comes again, perhaps to another consumer: it is not handed out any more.
  void expired(std::uint64_t tag);
  /// All that are not answered, when the consumer ends.
  std::vector<Receipt> take_all();
  /// Wakes whoever waits for room.
  void stop();

 private:
  struct Open {
    Receipt receipt;
    MonoTime invisible_since;
  };

  const std::size_t prefetch_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Delivery> ready_;
  std::map<std::uint64_t, Open> open_;  ///< ready or handed out, by tag
  std::size_t reserved_ = 0;
  std::uint64_t last_tag_ = 0;
  bool stopped_ = false;
};

}  // namespace waybill::broker::rocketmq
