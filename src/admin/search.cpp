#include "admin/search.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "core/text.hpp"

namespace waybill::admin {
namespace {

constexpr std::array<std::string_view, 8> conditions{"topic", "key",   "reason", "cause",
                                                     "since", "until", "id",     "state"};

Error bad_when(std::string_view text) {
  return {ErrorCode::invalid_argument,
          "'" + std::string(text) + "' is no point in time: write 2h (ago), 2026-11-24 or 2026-11-24T18:30:00Z"};
}

/// Takes a number of exactly `digits` digits, and the separator before it, off the front of `text`.
bool take(std::string_view& text, std::string_view separator, std::size_t digits, int& value) {
  if (!text.starts_with(separator)) return false;
  text.remove_prefix(separator.size());
  if (text.size() < digits) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits) return false;
  text.remove_prefix(digits);
  return true;
}

Result<std::int64_t> parse_calendar(std::string_view text) {
  const auto whole = text;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!take(text, "", 4, year) || !take(text, "-", 2, month) || !take(text, "-", 2, day)) return bad_when(whole);
  if (!text.empty()) {
    if (!take(text, "T", 2, hour) || !take(text, ":", 2, minute)) return bad_when(whole);
    if (!text.empty() && text != "Z" && !take(text, ":", 2, second)) return bad_when(whole);
    if (!text.empty() && text != "Z") return bad_when(whole);
  }
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return bad_when(whole);
  const auto at = sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
  return duration_cast<milliseconds>(at.time_since_epoch()).count();
}

/// Takes the next `name:value` off the front of `line`.
Result<std::pair<std::string_view, std::string_view>> take_condition(std::string_view& line) {
  const auto colon = line.find(':');
  const auto space = line.find(' ');
  if (colon == std::string_view::npos || colon == 0 || space < colon) {
    return Error(ErrorCode::invalid_argument,
                 "search: '" + std::string(line.substr(0, space)) + "' has not the form NAME:VALUE");
  }
  const auto name = line.substr(0, colon);
  line.remove_prefix(colon + 1);
  const bool quoted = line.starts_with('"');
  if (quoted) line.remove_prefix(1);
  const auto end = line.find(quoted ? '"' : ' ');
  if (quoted && end == std::string_view::npos) {
    return Error(ErrorCode::invalid_argument,
                 "search: the value of '" + std::string(name) + "' lacks its closing quote");
  }
  const auto value = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return std::pair{name, value};
}

}  // namespace

Result<std::int64_t> parse_when(std::string_view text, std::int64_t now_ms) {
  if (auto span = parse_duration(text)) {
    return now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(*span).count();
  }
  return parse_calendar(text);
}

Status add_condition(std::string_view name, std::string_view value, std::int64_t now_ms, store::FailedFilter& filter) {
  if (name == "topic") {
    filter.topic = value;
  } else if (name == "key") {
    filter.key = std::string(value);
  } else if (name == "reason") {
    filter.reason = value;
  } else if (name == "cause") {
    filter.cause = value;
  } else if (name == "id") {
    filter.id = std::string(value);
  } else if (name == "state") {
    if (value != "failed" && value != "dropped" && value != "sending") {
      return Error(ErrorCode::invalid_argument,
                   "state '" + std::string(value) + "' is none of failed, dropped, sending");
    }
    filter.state = value;
  } else if (name == "since" || name == "until") {
    auto when = parse_when(value, now_ms);
    if (!when) return Error(ErrorCode::invalid_argument, std::string(name) + ": " + when.error().message());
    (name == "since" ? filter.since_ms : filter.until_ms) = *when;
  } else {
    const auto close = nearest(name, conditions);
    return Error(ErrorCode::invalid_argument, "search: unknown name '" + std::string(name) + "'" +
                                                  (close ? ": did you mean '" + *close + "'?"
                                                         : " (topic, key, reason, cause, since, until, id, state)"));
  }
  return {};
}

Status parse_search(std::string_view line, std::int64_t now_ms, store::FailedFilter& filter) {
  while (true) {
    const auto start = line.find_first_not_of(' ');
    if (start == std::string_view::npos) return {};
    line.remove_prefix(start);
    auto condition = take_condition(line);
    if (!condition) return condition.error();
    if (auto added = add_condition(condition->first, condition->second, now_ms, filter); !added) return added;
  }
}

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string format_when(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds{unix_ms}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                time.minutes().count(), time.seconds().count(), time.subseconds().count());
  return text.data();
}

}  // namespace waybill::admin
