#include "relay/span.hpp"

#include <algorithm>

namespace waybill::relay {
namespace {

// version "-" trace-id "-" parent-id "-" trace-flags
constexpr std::size_t trace_at = 3, trace_digits = 32, span_at = 36, span_digits = 16, flags_at = 53, length = 55;

std::string_view header(const Message& message, const char* name) {
  const auto found = message.headers.find(name);
  return found == message.headers.end() ? std::string_view{} : std::string_view{found->second};
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

bool is_well_formed(std::string_view parent) {
  if (parent.size() < length || !is_hex(parent.substr(0, 2)) || parent.starts_with("ff")) return false;
  // Versions to come may add fields behind; version 0 has none.
  if (parent.size() > length && (parent.starts_with("00") || parent[length] != '-')) return false;
  if (parent[trace_at - 1] != '-' || parent[span_at - 1] != '-' || parent[flags_at - 1] != '-') return false;
  return is_id(parent.substr(trace_at, trace_digits)) && is_id(parent.substr(span_at, span_digits)) &&
         is_hex(parent.substr(flags_at, 2));
}

/// The lowest bit of the flags.
bool is_recorded(std::string_view parent) {
  return std::string_view{"13579bdf"}.find(parent[flags_at + 1]) != std::string_view::npos;
}

}  // namespace

std::optional<TraceContext> recorded_trace(const Message& message) {
  const auto parent = header(message, "traceparent");
  if (!is_well_formed(parent) || !is_recorded(parent)) return std::nullopt;
  return TraceContext{std::string{parent.substr(trace_at, trace_digits)},
                      std::string{parent.substr(span_at, span_digits)}, std::string{header(message, "tracestate")}};
}

std::string trace_id_of(const Message& message) {
  const auto parent = header(message, "traceparent");
  return is_well_formed(parent) ? std::string{parent.substr(trace_at, trace_digits)} : std::string{};
}

}  // namespace waybill::relay
