#include "cli/resend_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

namespace waybill::cli {
namespace {

constexpr std::size_t slice = 500;
constexpr Duration step_limit = std::chrono::seconds{60};
constexpr Duration look_interval = std::chrono::milliseconds{200};

/// How one step stands: messages without an answer, and those that failed once more.
struct StepState {
  std::uint64_t open = 0, failed = 0;
};

/// What was resent is in the retry table or gone. To locate it would search the whole outbox for each one that is gone.
Result<bool> is_in(const std::string& state, store::Store& store, const std::string& id) {
  store::FailedFilter filter;
  filter.id = id;
  filter.state = state;
  filter.limit = 1;
  auto found = store.troubled(filter);
  if (!found) return found.error();
  return !found->empty();
}

/// Takes those that have their answer out of `open`.
Status look(store::Store& store, std::vector<std::string>& open, StepState& state) {
  std::vector<std::string> still_open;
  for (auto& id : open) {
    // In this order: it goes from sending to failed by itself, and back only by a person.
    auto sending = is_in("sending", store, id);
    if (!sending) return sending.error();
    if (*sending) {
      still_open.push_back(std::move(id));
      continue;
    }
    auto failed = is_in("failed", store, id);
    if (!failed) return failed.error();
    if (*failed) ++state.failed;
  }
  open = std::move(still_open);
  state.open = open.size();
  return {};
}

Result<StepState> await_step(store::Store& store, std::span<const std::string> ids) {
  const auto deadline = Deadline::after(step_limit);
  std::vector<std::string> open(ids.begin(), ids.end());
  StepState state;
  while (true) {
    if (auto looked = look(store, open, state); !looked) return looked.error();
    if (state.open == 0 || deadline.passed()) return state;
    std::this_thread::sleep_for(look_interval);
  }
}

class Course {
 public:
  Course(const BulkOrder& order, const Terminal& terminal)
      : order_(order), bar_(terminal, std::string(admin::to_string(order.act)), order.plan.count) {}

  Result<BulkOutcome> run() {
    for (const auto size : order_.pace.steps) {
      if (at_ == order_.plan.tickets.size()) break;
      if (auto stepped = step(size); !stepped) return stepped.error();
      if (!outcome_.stopped.empty()) return outcome_;
    }
    if (auto rest = advance(order_.plan.tickets.size() - at_); !rest) return rest.error();
    return outcome_;
  }

 private:
  Status step(std::uint64_t size) {
    const auto from = at_;
    const auto count = std::min<std::size_t>(size, order_.plan.tickets.size() - at_);
    if (auto moved = advance(count); !moved) return moved;
    auto state = await_step(order_.store, std::span(order_.plan.ids).subspan(from, count));
    if (!state) return state.error();
    outcome_.failed_again += state->failed;
    if (static_cast<double>(state->failed) > order_.pace.stop_at * static_cast<double>(count)) {
      outcome_.stopped = fmt::format("stopped: {} of {} messages failed again", state->failed, count);
    } else if (state->open > 0) {
      outcome_.stopped = fmt::format("stopped: {} of {} messages have no answer after a minute (is a relay running?)",
                                     state->open, count);
    }
    return {};
  }

  /// Acts on the next `count` tickets, no faster than the rate.
  Status advance(std::size_t count) {
    const std::size_t part =
        order_.pace.rate > 0
            ? std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(order_.pace.rate / 10)), 1, slice)
            : slice;
    while (count > 0) {
      const auto now = std::min(part, count);
      keep_rate();
      auto changed = admin::perform_bulk(order_.store, std::span(order_.plan.tickets).subspan(at_, now), order_.act,
                                         order_.who, order_.why);
      if (!changed) return changed.error();
      outcome_.changed += *changed;
      at_ += now;
      count -= now;
      bar_.update(at_);
    }
    return {};
  }

  void keep_rate() {
    if (order_.pace.rate <= 0) return;
    if (!started_) started_ = std::chrono::steady_clock::now();
    const auto due = *started_ + std::chrono::duration_cast<Duration>(
                                     std::chrono::duration<double>(static_cast<double>(at_) / order_.pace.rate));
    std::this_thread::sleep_until(due);
  }

  const BulkOrder& order_;
  ProgressBar bar_;
  BulkOutcome outcome_;
  std::size_t at_ = 0;
  std::optional<MonoTime> started_;
};

}  // namespace

Result<BulkOutcome> carry_out(const BulkOrder& order, const Terminal& terminal) {
  return Course(order, terminal).run();
}

}  // namespace waybill::cli
