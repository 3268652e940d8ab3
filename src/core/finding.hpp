#pragma once

#include <string>

namespace waybill {

/// One result of `waybill doctor`.
struct Finding {
  enum class Severity { ok, info, warning, critical };
  std::string code;  ///< stable, for example `WB-D012`
  Severity severity = Severity::ok;
  std::string subject;  ///< the store or broker
  std::string text;     ///< what was found and what it means
  std::string remedy;
};

}  // namespace waybill
