#include "admin/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/text.hpp"

namespace waybill::admin {
namespace {

constexpr std::string_view forms = "write NAME>NUMBER, for example failed>0 or oldest>5m";

Error wrong(std::string_view text, const std::string& why) {
  return Error(ErrorCode::invalid_argument, "condition '" + std::string(text) + "': " + why);
}

double routes_that_are(const StatusReport& report, std::string_view state) {
  return static_cast<double>(
      std::ranges::count_if(report.routes, [&](const RouteStatus& route) { return route.figures.state == state; }));
}

std::string names_of(std::span<const Figure> figures) {
  std::string names;
  for (const auto& figure : figures) names += (names.empty() ? "" : ", ") + std::string(figure.name);
  return names;
}

const Figure* find(std::span<const Figure> figures, std::string_view name) {
  const auto found = std::ranges::find(figures, name, &Figure::name);
  return found == figures.end() ? nullptr : &*found;
}

std::optional<double> count_in(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;  // neither -1, inf nor nan
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<double> limit_of(const Figure& figure, std::string_view text, std::string_view whole) {
  if (const auto number = count_in(text)) return *number;
  if (!figure.is_time) return wrong(whole, "'" + std::string(text) + "' is no number that is 0 or more");
  const auto duration = parse_duration(text);
  if (!duration) return wrong(whole, duration.error().message());
  return std::chrono::duration<double>(*duration).count();
}

}  // namespace

std::vector<Figure> figures_of(const StatusReport& report) {
  double sending = 0, failed = 0, oldest = 0, blocked = 0, unheld = 0, in_flight = 0;
  for (const auto& store : report.stores) {
    if (store.error) continue;
    sending += static_cast<double>(store.counts.sending);
    failed += static_cast<double>(store.counts.failed);
    oldest = std::max(oldest, store.counts.oldest_sending_seconds);
    blocked += static_cast<double>(store.counts.blocked_scopes);
    unheld += static_cast<double>(
        std::ranges::count_if(store.holders, [](const store::LaneHolder& lane) { return lane.holder.empty(); }));
  }
  for (const auto& route : report.routes) in_flight += static_cast<double>(route.figures.in_flight);
  return {{"sending", sending},
          {"failed", failed},
          {"oldest", oldest, true},
          {"blocked", blocked},
          {"unheld", unheld},
          {"in_flight", in_flight},
          {"down", routes_that_are(report, "down")},
          {"stalled", routes_that_are(report, "stalled")},
          {"paused", routes_that_are(report, "paused")}};
}

Result<Condition> Condition::parse(std::string_view text) {
  const auto sign = text.find_first_of("<>=");
  if (sign == std::string_view::npos || sign == 0) return wrong(text, std::string(forms));
  const auto figures = figures_of({});
  const auto name = text.substr(0, sign);
  const auto* figure = find(figures, name);
  if (figure == nullptr) {
    return wrong(text, "there is no figure '" + std::string(name) + "'; those there are: " + names_of(figures));
  }
  Condition condition;
  condition.text_ = text;
  condition.name_ = name;
  auto rest = text.substr(sign + 1);
  const bool or_equal = text[sign] != '=' && rest.starts_with('=');
  if (or_equal) rest.remove_prefix(1);
  if (text[sign] == '=') condition.comparison_ = Comparison::equal;
  if (text[sign] == '>') condition.comparison_ = or_equal ? Comparison::at_least : Comparison::more;
  if (text[sign] == '<') condition.comparison_ = or_equal ? Comparison::at_most : Comparison::less;
  auto limit = limit_of(*figure, rest, text);
  if (!limit) return limit.error();
  condition.limit_ = *limit;
  return condition;
}

bool Condition::holds(std::span<const Figure> figures) const {
  const double value = find(figures, name_)->value;
  switch (comparison_) {
    case Comparison::more:
      return value > limit_;
    case Comparison::at_least:
      return value >= limit_;
    case Comparison::less:
      return value < limit_;
    case Comparison::at_most:
      return value <= limit_;
    case Comparison::equal:
      return value == limit_;
  }
  return false;
}

std::string Condition::in_words(std::span<const Figure> figures) const {
  return text_ + ": " + name_ + " is " + value_text(*find(figures, name_));
}

Result<std::vector<Condition>> parse_conditions(std::string_view option, std::span<const std::string> texts) {
  std::vector<Condition> conditions;
  for (const auto& text : texts) {
    auto condition = Condition::parse(text);
    if (!condition) return Error(condition.error().code(), std::string(option) + ": " + condition.error().message());
    conditions.push_back(std::move(*condition));
  }
  return conditions;
}

std::string value_text(const Figure& figure) {
  return figure.is_time ? fmt::format("{:.3f}s", figure.value) : fmt::format("{:.0f}", figure.value);
}

}  // namespace waybill::admin
