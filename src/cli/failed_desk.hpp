#pragma once

#include "cli/session.hpp"

namespace waybill::cli {

/// `waybill failed` on a terminal: causes, the messages behind one, one message's story, and what can be done with
/// them; with the words of the console. Ends with the input, or when the person says so.
int failed_desk(const Session& session, const std::string& store);

}  // namespace waybill::cli
