#include "waybill/inbox_totals.h"

namespace waybill {
namespace {

constexpr const char* heading =
    "# HELP waybill_inbox_total Answers of the guards to messages\n# TYPE waybill_inbox_total counter\n";

/// As a label's value is written: three characters have another meaning there.
std::string label_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? "\\n" : std::string(1, c);
  }
  return escaped;
}

}  // namespace

void InboxTotals::count(std::string_view consumer, std::string_view answer) {
  const std::lock_guard lock(mutex_);
  ++totals_[{std::string{consumer}, std::string{answer}}];
}

std::string InboxTotals::prometheus() const {
  const std::lock_guard lock(mutex_);
  std::string text = totals_.empty() ? "" : heading;
  for (const auto& [labels, total] : totals_) {
    const auto& [consumer, answer] = labels;
    text += "waybill_inbox_total{consumer=\"" + label_value(consumer) + "\",result=\"" + label_value(answer) + "\"} " +
            std::to_string(total) + "\n";
  }
  return text;
}

}  // namespace waybill
