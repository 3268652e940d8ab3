#pragma once

#include <functional>
#include <string>

#include "relay/incident.hpp"
#include "relay/span.hpp"
#include "waybill/relay.h"

namespace waybill::relay {

/// Gets what became of a message of the store that it names.
using IncidentSink = std::function<void(const std::string& store, const Incident& incident)>;

/// Where a relay tells what happens. Each may be called by several threads at once.
struct Outlets {
  LogSink log;
  SpanSink spans = {};          ///< empty: nobody wants them
  IncidentSink incidents = {};  ///< empty: they go to the log, in words
};

}  // namespace waybill::relay
