#include "cli/following.hpp"

#include <fmt/format.h>

#include <thread>

#include "admin/operation_runner.hpp"
#include "cli/long_running.hpp"
#include "cli/progress.hpp"
#include "core/text.hpp"

namespace waybill::cli {
namespace {

constexpr Duration look_interval = std::chrono::milliseconds{300};

}  // namespace

Result<admin::Operation> follow(const Session& session, const Opened& opened, const std::string& id) {
  auto& store = *opened.store;
  const StopSignals signals;
  auto first = admin::read_operation(store, id);
  if (!first) return first;
  ProgressBar bar(session.terminal, std::string(to_string(first->order.act)), first->progress.expected);
  const auto stop_when_told = [&] {
    if (signals.pending() != 0) {
      complain("stopping; what is sent is sent");
      // It may be over meanwhile.
      [[maybe_unused]] const auto stopped = admin::stop_operation(store, id, operator_name());
    }
    return false;
  };
  const admin::RunnerSetting setting{*opened.config, process_name(), stop_when_told,
                                     [&](const admin::Operation& now) { bar.update(now.progress.looked_at); }};
  while (true) {
    auto operation = admin::run_operation(store, id, setting);
    if (!operation || operation->is_over()) return operation;
    stop_when_told();
    bar.update(operation->progress.looked_at);
    std::this_thread::sleep_for(look_interval);
  }
}

int report_end(const Session& session, const admin::Operation& operation) {
  const bool stopped = operation.progress.state == admin::OperationState::stopped;
  if (session.json) {
    auto json = admin::operation_json(operation);
    json["stopped"] = stopped ? operation.progress.note : "";
    session.print(json);
  } else {
    session.print(fmt::format("{} messages {} (operation {})\n", operation.progress.changed,
                              admin::past_of(operation.order.act), operation.id));
  }
  if (!stopped) return done;
  complain(printable(operation.progress.note));
  return failed;
}

}  // namespace waybill::cli
