#include "admin/causes.hpp"

#include <algorithm>
#include <iterator>

#include "admin/deed.hpp"
#include "admin/edit.hpp"
#include "admin/errors.hpp"
#include "admin/search.hpp"
#include "store/failed_groups.hpp"

namespace waybill::admin {
namespace {

constexpr std::size_t most_looked_at = 500;

bool is_said_of_cause(const Operation& operation) {
  const auto names_it = [&](CauseAct act) { return to_string(act) == operation.order.deed; };
  return !operation.order.filters.empty() && std::ranges::any_of(every_cause_act, names_it);
}

/// A cause as an operation's filter holds it.
store::FailedFilter filter_of(const std::string& route, const std::string& reason, const std::string& answer) {
  store::FailedFilter filter;
  filter.topic = route;
  filter.reason = reason;
  filter.cause = store::normalise_answer(answer);
  return filter;
}

bool is_of(const Operation& said, const store::FailedFilter& cause) {
  const auto& of = said.order.filters.front();
  return of.topic == cause.topic && of.reason == cause.reason && of.cause == cause.cause;
}

CauseState state_after(const Operation& said, std::int64_t last_failure_ms) {
  if (said.order.deed == to_string(CauseAct::take)) return CauseState::taken;
  if (said.order.deed == to_string(CauseAct::reopen)) return CauseState::open;
  return last_failure_ms > said.created_at_ms ? CauseState::returned : CauseState::resolved;
}

Json life_json(const CauseLife& life) {
  return {{"state", to_string(life.state)},
          {"who", life.who.empty() ? Json(nullptr) : Json(life.who)},
          {"why", life.why.empty() ? Json(nullptr) : Json(life.why)},
          {"since", life.since_ms == 0 ? Json(nullptr) : Json(format_when(life.since_ms))}};
}

}  // namespace

std::string_view to_string(CauseState state) noexcept {
  switch (state) {
    case CauseState::open:
      return "open";
    case CauseState::taken:
      return "taken";
    case CauseState::resolved:
      return "resolved";
    case CauseState::returned:
      return "returned";
  }
  return "unknown";
}

std::string_view to_string(CauseAct act) noexcept {
  switch (act) {
    case CauseAct::take:
      return "take";
    case CauseAct::resolve:
      return "resolve";
    case CauseAct::reopen:
      return "reopen";
  }
  return "unknown";
}

std::string in_words(const CauseLife& life) {
  const std::string state(to_string(life.state));
  return life.state == CauseState::taken ? state + " by " + life.who : state;
}

Status say_of_cause(store::Store& store, const CauseOrder& order) {
  if (order.act == CauseAct::resolve && order.why.empty())
    return Error(ErrorCode::invalid_argument, "'why' is missing: say what was mended, others will read it");
  const auto failed = find_failed(store, order.id, order.within);
  if (!failed) return failed.error();
  return record_deed(
      store, {std::string(to_string(order.act)), filter_of(failed->route, failed->reason, failed->answer), order.who,
              order.why, order.from});
}

Result<CauseBook> CauseBook::read(store::Store& store) {
  store::OperationFilter filter;
  filter.limit = most_looked_at;
  auto newest = list_operations(store, filter);
  if (!newest) return newest.error();
  CauseBook book;
  std::ranges::copy_if(std::move(*newest), std::back_inserter(book.said_), is_said_of_cause);
  return book;
}

CauseLife CauseBook::life_of(const store::FailedGroup& group) const {
  const auto cause = filter_of(group.route, group.reason, group.answer);
  const auto said = std::ranges::find_if(said_, [&](const Operation& one) { return is_of(one, cause); });
  if (said == said_.end()) return {};
  return {state_after(*said, group.last_ms), said->order.who, said->order.why, said->created_at_ms};
}

Json group_json(const store::FailedGroup& group, const CauseLife& life, Language language) {
  const auto* known = known_reason(group.reason);
  return {{"route", group.route},
          {"reason", group.reason},
          {"answer", group.answer},
          {"count", group.count},
          {"first", format_when(group.first_ms)},
          {"last", format_when(group.last_ms)},
          {"sample_id", group.sample_id},
          {"code", known != nullptr ? Json(known->code) : Json(nullptr)},
          {"means", known != nullptr ? Json(known->in(language).cause) : Json(nullptr)},
          {"remedy", known != nullptr ? Json(known->in(language).remedy) : Json(nullptr)},
          {"cause", life_json(life)}};
}

}  // namespace waybill::admin
