#pragma once

#include <functional>

namespace waybill::broker::rabbitmq {

/// What a thread goes on answering to while it waits for a connection to be made.
struct Interrupt {
  int fd = -1;                  ///< becomes readable when there is something to answer; -1: nothing ever
  std::function<bool()> woken;  ///< answers it; false: give up waiting
};

}  // namespace waybill::broker::rabbitmq
