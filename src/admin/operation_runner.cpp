#include "admin/operation_runner.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <thread>

#include "admin/consumed.hpp"
#include "admin/operation_trace.hpp"
#include "admin/relay_figures.hpp"

namespace waybill::admin {
namespace {

constexpr std::size_t largest_slice = 500;
constexpr Duration look_interval = std::chrono::milliseconds{200};
constexpr Duration beat_interval = std::chrono::seconds{2};
/// How long the answers of a step are awaited.
constexpr Duration step_limit = std::chrono::seconds{60};

MonoTime now() { return std::chrono::steady_clock::now(); }

/// One runner's work on one operation.
class Run {
 public:
  Run(store::Store& store, Operation operation, const RunnerSetting& setting)
      : store_(store), operation_(std::move(operation)), setting_(setting), trace_(store, operation_) {}

  Result<Operation> carry_out() {
    if (auto begun = begin(); !begun) return begun.error();
    while (!lost_ && !operation_.is_over()) {
      if (progress().state == OperationState::stopping) {
        end(OperationState::stopped);
      } else if (setting_.stop && setting_.stop()) {
        return hand_over();
      } else if (waits_for_a_route()) {
        if (auto rested = rest(look_interval); !rested) return rested.error();
        continue;
      } else if (auto done = slice(); !done) {
        return done.error();
      }
      if (auto saved = save(); !saved) return saved.error();
    }
    return read_operation(store_, operation_.id);
  }

 private:
  const OperationOrder& order() const { return operation_.order; }
  OperationProgress& progress() { return operation_.progress; }

  /// For another runner, at once.
  Result<Operation> hand_over() {
    progress().state = OperationState::waiting;
    if (auto saved = save(); !saved) return saved.error();
    return read_operation(store_, operation_.id);
  }

  Status begin() {
    auto lookup = consumed_of(store_, order());
    if (!lookup) return lookup.error();
    is_consumed_ = std::move(*lookup);
    if (progress().state == OperationState::waiting) progress().state = OperationState::running;
    progress().runner = setting_.runner;
    if (auto saved = save(); !saved || lost_) return saved;
    return resolve_open();
  }

  /// What a runner that died has left half done: messages that it had taken in hand, and perhaps changed.
  Status resolve_open() {
    for (const auto& id : std::vector<std::string>(progress().open)) {
      const auto found = trace_.look_up(id);
      if (!found) return found.error();
      if (*found == OperationTrace::Found::as_before) continue;
      // One that has left was in this operation's hand when it did.
      note(id, *found == OperationTrace::Found::changed_by_another ? left_alone : std::string(past_of(order().act)));
      settled_.insert(id);
    }
    progress().open.clear();
    return save();
  }

  /// The next messages: what they are is stored before they are changed, so that a later runner knows.
  Status slice() {
    if (auto paced = keep_rate(); !paced || lost_) return paced;
    if (progress().state != OperationState::running) return {};
    auto page = next_page();
    if (!page) return page.error();
    if (page->empty()) return end_filter();
    auto acting = sort_out(*page);
    if (!acting) return acting.error();
    if (!acting->empty()) {
      if (auto acted = act_on(*acting); !acted || lost_) return acted;
    }
    progress().after = page->back().ticket;
    return is_in_step() && acted_in_step_ >= step_size() ? end_step() : Status{};
  }

  Status end_filter() {
    if (progress().filter + 1 < order().filters.size()) {
      ++progress().filter;
      progress().after = {};
    } else if (is_in_step() && acted_in_step_ > 0) {
      return end_step();
    } else {
      end(OperationState::done);
    }
    return {};
  }

  Result<std::vector<store::Troubled>> next_page() {
    auto filter = order().filters[progress().filter];
    filter.state = state_before(order().act);
    filter.payloads = false;
    filter.after = progress().after;
    filter.limit = std::min<std::uint64_t>(slice_size(), step_size() - std::min(acted_in_step_, step_size() - 1));
    auto page = store_.troubled(filter);
    if (page) std::erase_if(*page, [&](const store::Troubled& one) { return one.ticket > order().through; });
    return page;
  }

  std::size_t slice_size() const {
    if (order().rate <= 0) return largest_slice;
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(order().rate / 4)), 1, largest_slice);
  }

  bool is_in_step() const { return operation_.progress.step < order().steps.size(); }
  std::uint64_t step_size() const { return is_in_step() ? order().steps[operation_.progress.step] : UINT64_MAX; }

  /// Leaves out what can't go or need not; gives the rest.
  Result<std::vector<store::Troubled>> sort_out(const std::vector<store::Troubled>& page) {
    std::vector<store::Troubled> acting;
    for (const auto& troubled : page) {
      const auto& id = troubled.message.id.str();
      if (settled_.contains(id)) continue;
      if (order().act == BulkAct::resend) {
        if (auto why = hopeless_reason(setting_.config, troubled); !why.empty()) {
          note(id, "cannot go: " + why);
          continue;
        }
      }
      if (is_consumed_) {
        const auto consumed = is_consumed_(id);
        if (!consumed || *consumed) {
          note(id, consumed ? "consumed already" : "left alone: it failed after the inbox was asked");
          continue;
        }
      }
      acting.push_back(troubled);
    }
    return acting;
  }

  Status act_on(const std::vector<store::Troubled>& acting) {
    std::vector<store::Ticket> tickets;
    for (const auto& one : acting) {
      tickets.push_back(one.ticket);
      if (const auto* route = setting_.config.route(one.message.topic.str())) routes_.insert(route->topic);
      progress().open.push_back(one.message.id.str());
    }
    // Without the results of this slice: they are not true yet, and a later runner would sort it out again.
    auto results = std::exchange(results_, {});
    if (auto saved = save(); !saved || lost_) return saved;
    results_ = std::move(results);
    if (progress().state != OperationState::running) {
      progress().open.clear();
      return {};
    }
    auto changed = perform_bulk(store_, tickets, order().act, order().who, trace_.remark());
    if (!changed) return changed.error();
    const auto ids = std::exchange(progress().open, {});
    const auto ours = trace_.changed_by_us(ids, *changed);
    if (!ours) return ours.error();
    for (std::size_t i = 0; i < ids.size(); ++i)
      note(ids[i], (*ours)[i] ? std::string(past_of(order().act)) : left_alone);
    acted_in_step_ += *changed;
    acted_ += acting.size();
    return {};
  }

  void note(const std::string& id, const std::string& result) {
    results_.push_back({progress().looked_at + results_.size() + 1, id, result});
    if (result == past_of(order().act) && is_in_step()) step_ids_.push_back(id);
  }

  /// No faster than the rate, by this runner's own clock.
  Status keep_rate() {
    if (order().rate <= 0) return {};
    if (!started_) started_ = now();
    const auto due = *started_ + std::chrono::duration_cast<Duration>(
                                     std::chrono::duration<double>(static_cast<double>(acted_) / order().rate));
    while (now() < due && !lost_ && progress().state == OperationState::running) {
      if (setting_.stop && setting_.stop()) return {};
      if (auto rested = rest(std::min<Duration>(due - now(), look_interval)); !rested) return rested;
    }
    return {};
  }

  /// Waits for the answers of the step's messages; too many that failed once more stop the operation.
  Status end_step() {
    if (auto saved = save(); !saved || lost_) return saved;
    const auto count = acted_in_step_;
    std::uint64_t failed = 0;
    const auto deadline = Deadline::after(step_limit);
    while (!step_ids_.empty() && !deadline.passed() && progress().state == OperationState::running && !lost_) {
      if (setting_.stop && setting_.stop()) return {};
      if (auto looked = look(failed); !looked) return looked;
      if (step_ids_.empty()) break;
      if (auto rested = rest(look_interval); !rested) return rested;
    }
    if (progress().state != OperationState::running || lost_) return {};
    progress().failed_again += failed;
    ++progress().step;
    acted_in_step_ = 0;
    const auto open = std::exchange(step_ids_, {}).size();
    if (static_cast<double>(failed) > order().stop_at * static_cast<double>(count)) {
      progress().note =
          "stopped: " + std::to_string(failed) + " of " + std::to_string(count) + " messages failed again";
      end(OperationState::stopped);
    } else if (open > 0) {
      progress().note = "stopped: " + std::to_string(open) + " of " + std::to_string(count) +
                        " messages have no answer after a minute (is a relay running?)";
      end(OperationState::stopped);
    }
    return {};
  }

  /// Takes those that have their answer out of the step's ids.
  Status look(std::uint64_t& failed) {
    std::vector<std::string> still_open;
    for (auto& id : step_ids_) {
      // In this order: it goes from sending to failed by itself, and back only by a person.
      auto sending = trace_.is_in("sending", id);
      if (!sending) return sending.error();
      if (*sending) {
        still_open.push_back(std::move(id));
        continue;
      }
      auto again = trace_.is_in("failed", id);
      if (!again) return again.error();
      if (*again) ++failed;
    }
    step_ids_ = std::move(still_open);
    return {};
  }

  /// A broker that takes nothing, and a route that a person holds back, get no more to do: what was resent waits
  /// already.
  bool waits_for_a_route() {
    if (order().act != BulkAct::resend || routes_.empty()) return false;
    if (const auto pauses = store_.pauses()) {
      for (const auto& pause : *pauses) {
        if (!routes_.contains(pause.route)) continue;
        progress().note = "waits: route " + pause.route + " is " + pause.in_words();
        return true;
      }
    }
    auto stored = store_.reports();
    if (!stored) return false;
    ReadReports reports;
    for (const auto& report : *stored) read_report(report, reports);
    for (const auto& route : setting_.config.routes) {
      if (!routes_.contains(route.topic)) continue;
      const auto figures = sum_route(route, reports.relays, false);
      if (figures.state != "stalled" && figures.state != "down") continue;
      progress().note = "waits: route " + route.topic + " is " + figures.state;
      return true;
    }
    progress().note.clear();
    return false;
  }

  Status rest(Duration wait) {
    std::this_thread::sleep_for(wait);
    return now() - saved_at_ < beat_interval ? Status{} : save();
  }

  void end(OperationState state) {
    progress().state = state;
    if (state == OperationState::done) progress().note.clear();
  }

  /// Stores how far it is, with the results so far. Another's word to stop is taken in; another runner's name ends this
  /// one's work.
  Status save() {
    auto next = operation_.progress;
    count_results(next);
    while (true) {
      auto changed = store_.change_operation(operation_.id, operation_.revision, document_of(order(), next), results_);
      if (!changed) return changed.error();
      if (*changed) break;
      auto stored = read_operation(store_, operation_.id);
      if (!stored) return stored.error();
      if (stored->progress.runner != setting_.runner || stored->progress.state != OperationState::stopping) {
        lost_ = true;
        return {};
      }
      operation_.revision = stored->revision;
      if (next.state != OperationState::running) continue;  // over already
      next.state = OperationState::stopping;
      next.stopped_by = stored->progress.stopped_by;
      next.note = stored->progress.note;
    }
    results_.clear();
    ++operation_.revision;
    operation_.progress = std::move(next);
    saved_at_ = now();
    if (setting_.told) setting_.told(operation_);
    return {};
  }

  void count_results(OperationProgress& next) const {
    for (const auto& one : results_) {
      ++next.looked_at;
      if (one.result == past_of(order().act)) {
        ++next.changed;
      } else if (one.result.starts_with("consumed")) {
        ++next.consumed;
      } else if (one.result.starts_with("cannot go")) {
        ++next.hopeless;
      } else {
        ++next.left_alone;
      }
    }
  }

  static constexpr const char* left_alone = "left alone: somebody else had changed it";

  store::Store& store_;
  Operation operation_;
  const RunnerSetting& setting_;
  OperationTrace trace_;
  IsConsumed is_consumed_;
  std::vector<store::OperationResult> results_;  // since the last save
  std::vector<std::string> step_ids_;            // of the present step, without an answer yet
  std::set<std::string> settled_;                // by the runner before; they may have failed again
  std::uint64_t acted_ = 0, acted_in_step_ = 0;
  std::optional<MonoTime> started_;
  MonoTime saved_at_{};
  std::set<std::string> routes_;  // that its messages take
  bool lost_ = false;             // another runner has it
};

}  // namespace

bool may_be_taken(const Operation& operation) {
  if (operation.is_over() || !operation.order.deed.empty()) return false;
  return operation.progress.state == OperationState::waiting || operation.age_ms > runner_is_dead_ms;
}

Result<Operation> run_operation(store::Store& store, const std::string& id, const RunnerSetting& setting) {
  auto operation = read_operation(store, id);
  if (!operation) return operation.error();
  if (!may_be_taken(*operation)) return operation;
  return Run(store, std::move(*operation), setting).carry_out();
}

}  // namespace waybill::admin
