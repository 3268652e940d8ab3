#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "cli/session.hpp"
#include "store/store.hpp"

namespace waybill::cli {

/// Below a table of causes: each reason once, with what it means and what to do, in the language of the environment.
std::string remedies(const std::vector<store::FailedGroup>& groups);

/// `failed take`, `failed resolve`, `failed reopen`.
void add_cause_acts(CLI::App& failed, Session& session);

}  // namespace waybill::cli
