#pragma once

#include <string>

#include "broker/publisher.hpp"
#include "broker/rocketmq/message.hpp"

namespace waybill::broker::rocketmq {

/// A message on its way, with what its topic makes of it.
struct Parcel {
  Outgoing outgoing;
  Delivering delivering = Delivering::normal;
  std::string line;       ///< topic and message group, in which one at a time is under way; empty: in no order
  bool doubtful = false;  ///< the broker may have it already
};

}  // namespace waybill::broker::rocketmq
