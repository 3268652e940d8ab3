#include "redis_link.hpp"

#include <hiredis/hiredis.h>

#include <regex>

namespace shop {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Result;
using waybill::Status;

void RedisLink::Free::operator()(redisContext* connection) const { redisFree(connection); }

Result<RedisLink> RedisLink::of(const std::string& url) {
  static const std::regex form("redis://(?::([^@]*)@)?([^:/@]+)(?::([0-9]{1,5}))?(?:/([0-9]{1,5})?)?");
  std::smatch parts;
  if (!std::regex_match(url, parts, form)) {
    return Error{ErrorCode::invalid_argument, "not a Redis URL: give redis://:password@host:port/database"};
  }
  RedisLink link;
  link.password_ = parts[1];
  link.host_ = parts[2];
  if (parts[3].matched) link.port_ = std::stoi(parts[3]);
  if (parts[4].matched) link.database_ = std::stoi(parts[4]);
  return link;
}

Result<redisContext*> RedisLink::open() {
  if (connection_) return connection_.get();
  connection_.reset(redisConnectWithTimeout(host_.c_str(), port_, {5, 0}));
  if (!connection_ || connection_->err != 0) {
    const Error error{ErrorCode::unreachable,
                      "can't connect to Redis at " + host_ + ": " + (connection_ ? connection_->errstr : "no memory")};
    connection_.reset();
    return error;
  }
  redisSetTimeout(connection_.get(), {10, 0});
  if (auto ready = log_in(); !ready) {
    connection_.reset();
    return ready.error();
  }
  return connection_.get();
}

Status RedisLink::log_in() {
  if (!password_.empty()) redisAppendCommand(connection_.get(), "AUTH %s", password_.c_str());
  redisAppendCommand(connection_.get(), "SELECT %d", database_);
  for (int answers = password_.empty() ? 1 : 2; answers > 0; --answers) {
    void* answer = nullptr;
    if (redisGetReply(connection_.get(), &answer) != REDIS_OK) {
      return Error{ErrorCode::unreachable, std::string{"Redis: "} + connection_->errstr};
    }
    const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply{static_cast<redisReply*>(answer),
                                                                        &freeReplyObject};
    if (reply->type != REDIS_REPLY_ERROR) continue;
    const std::string text = reply->str;
    // A server that has just started still reads its data.
    const auto code = text.rfind("LOADING", 0) == 0 ? ErrorCode::unreachable : ErrorCode::unauthorized;
    return Error{code, "Redis: " + text};
  }
  return {};
}

Error RedisLink::lost(const Error& error) {
  if (error.code() != ErrorCode::in_doubt && error.code() != ErrorCode::unreachable) return error;
  connection_.reset();
  return {ErrorCode::unreachable, error.message()};
}

}  // namespace shop
