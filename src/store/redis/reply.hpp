#pragma once

/// \file
/// What a server answered.

#include <hiredis/hiredis.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace waybill::redis {

/// A view of one reply or of a part of it; the whole lives as long as its OwnedReply. Reading a part that is not there,
/// or is of another kind, gives nil, empty text or 0: a hostile server must not crash us.
class Reply {
 public:
  Reply() = default;
  explicit Reply(const redisReply* reply) : reply_(reply) {}

  bool is_nil() const { return reply_ == nullptr || reply_->type == REDIS_REPLY_NIL; }
  bool is_error() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR; }
  bool is_integer() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_INTEGER; }
  bool is_array() const { return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY; }
  std::size_t size() const { return is_array() ? reply_->elements : 0; }
  Reply operator[](std::size_t at) const { return at < size() ? Reply{reply_->element[at]} : Reply{}; }
  /// Bytes, status or error.
  std::string_view bytes() const;
  std::string text() const { return std::string{bytes()}; }
  /// An integer, or digits.
  std::int64_t number() const;
  /// The value after `name` in a flat list of names and values.
  Reply field(std::string_view name) const;

 private:
  const redisReply* reply_ = nullptr;
};

class OwnedReply {
 public:
  explicit OwnedReply(redisReply* reply) : reply_(reply) {}
  const Reply* operator->() const { return &(view_ = Reply{reply_.get()}); }
  Reply operator*() const { return Reply{reply_.get()}; }

 private:
  struct Free {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
  };
  std::unique_ptr<redisReply, Free> reply_;
  mutable Reply view_;
};

}  // namespace waybill::redis
