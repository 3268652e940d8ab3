#include "http/idempotency_key.hpp"

#include <cstdlib>
#include <optional>

#include "admin/search.hpp"
#include "core/text.hpp"
#include "core/uuid.hpp"

namespace waybill::http {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

Error unfit(const char* why) { return {ErrorCode::invalid_argument, why}; }

std::string unquoted(std::string text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

Result<std::string> idempotency_key(const Request& request) {
  std::optional<std::string> key;
  for (const auto& [header, text] : request.headers) {
    if (header != "idempotency-key") continue;
    if (key) return unfit("the header Idempotency-Key is there twice");
    key = lower_ascii(unquoted(text));
  }
  if (!key) return std::string{};
  const auto made_at = uuid7_unix_ms(*key);
  if (!made_at) return unfit("the header Idempotency-Key has to be a UUID of version 7");
  if (std::abs(admin::wall_clock_ms() - *made_at) > day_ms) {
    return unfit("the header Idempotency-Key was not made today: make one for each request");
  }
  return *key;
}

}  // namespace waybill::http
