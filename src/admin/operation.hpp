#pragma once

/// \file
/// A bulk act on messages as a stored object: what was asked for by whom, and how far it is. Whoever starts one
/// (command line, REST API, console), everybody sees it, can stop it, and a relay ends it when its runner dies.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admin/failed.hpp"
#include "admin/json.hpp"
#include "admin/language.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// What was asked for. Never changed.
struct OperationOrder {
  BulkAct act = BulkAct::resend;
  std::string deed;                          ///< not empty: no bulk act, but one that is over at once (admin/deed.hpp)
  std::string subject;                       ///< of a deed that is about something else than messages
  std::vector<store::FailedFilter> filters;  ///< one after the other; state and paging are the runner's
  store::Ticket through;                     ///< the last that was there when it was made: later ones are not its own
  double rate = 0;                           ///< messages a second; 0: as fast as the store takes them
  std::vector<std::uint64_t> steps;          ///< sizes of the first slices; after each the answers are awaited
  double stop_at = 0.1;                      ///< share of a step that may fail again
  bool skip_consumed = false;
  std::string consumer = "*";  ///< with skip_consumed: the consumers that count (a glob)
  std::string who, why;
  std::string from;     ///< `command line` or `REST API`
  std::string request;  ///< SHA-256 of what asked for it, when its asker made its id
};

enum class OperationState {
  waiting,  ///< nobody works on it yet
  running,
  stopping,  ///< its runner is to stop
  stopped,   ///< before its end: `stopped` says why
  done,
};
std::string_view to_string(OperationState state) noexcept;

/// `resend`, `pause` ...
std::string act_of(const OperationOrder& order);

/// How far it is.
struct OperationProgress {
  OperationState state = OperationState::waiting;
  std::string runner;           ///< host:pid of who works on it, or did last
  std::uint64_t expected = 0;   ///< how many were to be looked at when it was made
  std::uint64_t looked_at = 0;  ///< results so far, the sum of the next four
  std::uint64_t changed = 0;
  std::uint64_t consumed = 0;      ///< left out: consumers have done them
  std::uint64_t hopeless = 0;      ///< left out: they would fail again
  std::uint64_t left_alone = 0;    ///< somebody else had changed them meanwhile
  std::uint64_t failed_again = 0;  ///< seen while steps were awaited
  std::uint64_t step = 0;          ///< how many steps are over
  std::string note;                ///< what it waits for, or why it stopped
  std::string stopped_by;          ///< who asked for it to stop
  std::size_t filter = 0;          ///< where it goes on: which filter, and after which ticket
  store::Ticket after;
  std::vector<std::string> open;  ///< ids of the slice that may be half done
};

struct Operation {
  std::string id;
  OperationOrder order;
  OperationProgress progress;
  std::uint64_t revision = 1;
  std::int64_t created_at_ms = 0, age_ms = 0;

  bool is_over() const { return progress.state == OperationState::done || progress.state == OperationState::stopped; }
};

/// A runner says that it lives at least so often; one that was silent for longer is dead, and another may go on.
inline constexpr std::int64_t runner_is_dead_ms = 15'000;

/// What a store keeps, and back. A document that can't be read is `corrupt`.
std::string document_of(const OperationOrder& order, const OperationProgress& progress);
Result<Operation> operation_of(const store::OperationRecord& record);

/// What the command line and the REST API show.
Json operation_json(const Operation& operation, Language language = Language::english);

/// At most so many a second are sent again, unless somebody says otherwise.
inline constexpr double gentle_rate = 500;

/// What `--dry-run` shows: how many, where to, how long, and what can't go.
Json plan_json(const BulkPlan& plan, const OperationOrder& order, Language language = Language::english);

/// Why an order selects nothing, in words: of a single message, where it is.
Result<std::string> why_nothing_matched(store::Store& store, const Config& config, const OperationOrder& order);

/// Why an order makes no sense: no filter that narrows without `all`, a negative rate, a step of 0.
Status check_order(const OperationOrder& order, bool all);

/// Stores a new operation. Nobody works on it yet. `id`: a UUIDv7 that its asker made; empty: a new one. `busy`: there
/// is one of that id.
Result<Operation> add_operation(store::Store& store, const OperationOrder& order, std::uint64_t expected,
                                std::string id = {});
/// `not_found` when there is none of that id.
Result<Operation> read_operation(store::Store& store, const std::string& id);
Result<std::vector<Operation>> list_operations(store::Store& store, const store::OperationFilter& filter);
/// Asks it to stop: at once when nobody works on it, otherwise its runner does within seconds. `refused` when it is
/// over.
Result<Operation> stop_operation(store::Store& store, const std::string& id, const std::string& who);

}  // namespace waybill::admin
