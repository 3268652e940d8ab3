#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace CLI {
class App;
}

namespace waybill::cli {

/// The filters that all `failed` commands share: options, and one search line.
struct FilterOptions {
  std::string store, topic, reason, cause, since, until, state;
  std::optional<std::string> key;
  std::vector<std::string> ids;
  std::vector<std::string> search;

  /// Whether anything was asked for at all.
  bool narrows() const;
};

/// Adds the options to a command.
std::shared_ptr<FilterOptions> add_filter(CLI::App& command);

/// One filter for each id, or a single one without.
Result<std::vector<store::FailedFilter>> filters_of(const FilterOptions& options);

}  // namespace waybill::cli
