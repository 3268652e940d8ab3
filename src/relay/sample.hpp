#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "broker/publisher.hpp"

namespace waybill::relay {

/// One answer about one message, for those who watch answers go by. No payload and no header of it.
struct Sample {
  std::uint64_t number = 0;  ///< of its lane's, rising; gaps are answers that were left out
  std::size_t route = 0;     ///< in the configuration's order
  std::string id, topic;
  broker::OutcomeKind outcome = broker::OutcomeKind::confirmed;
  std::string answer;  ///< the broker's words
  std::uint32_t attempt = 1;
  double seconds = 0;  ///< from the publication to the answer
};

/// Some of the answers since they were last taken: a few confirms, and more of what is no confirm. Keeping them costs
/// the same at any rate.
class Samples {
 public:
  /// Whether one of this kind has a place; counts it in any case.
  bool wants(bool is_confirm) {
    ++number_;
    return is_confirm ? confirms_ < most_confirms : kept_.size() - confirms_ < most_others;
  }
  void keep(Sample sample, bool is_confirm) {
    sample.number = number_;
    kept_.push_back(std::move(sample));
    confirms_ += is_confirm ? 1 : 0;
  }
  std::vector<Sample> take() {
    confirms_ = 0;
    return std::exchange(kept_, {});
  }

 private:
  static constexpr std::size_t most_confirms = 5, most_others = 20;
  std::vector<Sample> kept_;
  std::size_t confirms_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace waybill::relay
