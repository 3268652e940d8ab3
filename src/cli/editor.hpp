#pragma once

#include "cli/session.hpp"

namespace waybill::cli {

/// Opens the failed message's payload in $VISUAL or $EDITOR (or vi), then asks for the reason and sends it as a new
/// message in place of the old one. Nothing happens when nothing was changed.
void edit_and_resend(const Session& session, const Opened& opened, const store::Troubled& failed);

}  // namespace waybill::cli
