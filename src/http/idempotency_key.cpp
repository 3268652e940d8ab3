#include "http/idempotency_key.hpp"

#include <cstdlib>

#include "admin/search.hpp"
#include "core/text.hpp"
#include "core/uuid.hpp"
#include "http/header.hpp"

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
  const auto values = values_of(request, "idempotency-key");
  if (values.empty()) return std::string{};
  if (values.size() > 1) return unfit("the header Idempotency-Key is there twice");
  const auto key = lower_ascii(unquoted(values.front()));
  const auto made_at = uuid7_unix_ms(key);
  if (!made_at) return unfit("the header Idempotency-Key has to be a UUID of version 7");
  if (std::abs(admin::wall_clock_ms() - *made_at) > day_ms) {
    return unfit("the header Idempotency-Key was not made today: make one for each request");
  }
  return key;
}

}  // namespace waybill::http
