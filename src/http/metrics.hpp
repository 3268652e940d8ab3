#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/failed.hpp"
#include "admin/status.hpp"
#include "admin/syncs.hpp"
#include "core/config.hpp"
#include "http/span_export.hpp"
#include "relay/figures.hpp"

namespace waybill::http {

/// What the stores say, where it is known.
struct StoreFigures {
  const admin::StatusReport* status = nullptr;
  const std::vector<admin::FailedCount>* failed = nullptr;
  const std::vector<admin::SyncFigures>* syncs = nullptr;
  double age_seconds = 0;  ///< of `status`
};

/// What the relay's process says of itself.
struct ProcessFigures {
  bool reloaded = true;                     ///< the configuration in the file is the one in use
  std::optional<SpanExport::Totals> spans;  ///< with `[traces]`
};

/// Everything that is measured, in Prometheus' text format 0.0.4. Names and labels are those of
/// docs/reference/metrics.md, which a test compares.
std::string metrics_text(const Config& config, const std::vector<relay::SiteFigures>& sites, const StoreFigures& stores,
                         const ProcessFigures& process);

}  // namespace waybill::http
