#include "store/redis/reply.hpp"

#include <charconv>

namespace waybill::redis {

std::string_view Reply::bytes() const {
  if (reply_ == nullptr) return {};
  switch (reply_->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      return {reply_->str, reply_->len};
    default:
      return {};
  }
}

std::int64_t Reply::number() const {
  if (is_integer()) return reply_->integer;
  const auto digits = bytes();
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

Reply Reply::field(std::string_view name) const {
  for (std::size_t at = 0; at + 1 < size(); at += 2) {
    if ((*this)[at].bytes() == name) return (*this)[at + 1];
  }
  return {};
}

}  // namespace waybill::redis
