#pragma once

#include "relay/span.hpp"
#include "waybill/relay.h"

namespace waybill::relay {

/// Where a relay tells what happens. Each may be called by several threads at once.
struct Outlets {
  LogSink log;
  SpanSink spans;  ///< empty: nobody wants them
};

}  // namespace waybill::relay
