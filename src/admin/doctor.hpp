#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/json.hpp"
#include "core/config.hpp"
#include "core/finding.hpp"
#include "store/store.hpp"

namespace waybill::admin {

struct Diagnosis {
  std::vector<Finding> findings;
  std::optional<Error> unreachable;  ///< the first store or broker that could not be asked

  bool has_critical() const;
};

std::string_view to_string(Finding::Severity severity) noexcept;

/// What the configuration alone tells, and this host's clock.
std::vector<Finding> examine_configuration(const Config& config);

/// Asks every store and every broker. Blocks for a connection each; one that can't be reached is a finding.
Diagnosis diagnose(const Config& config, std::span<const std::unique_ptr<store::Store>> stores);

/// The finding for a store or broker that could not be asked.
Finding finding_of(const Error& error, const std::string& subject);

Json diagnosis_json(const Diagnosis& diagnosis);

}  // namespace waybill::admin
