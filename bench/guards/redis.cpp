#include <hiredis/hiredis.h>

#include "core/url.hpp"
#include "subject.hpp"
#include "waybill/inbox_redis.h"

namespace bench {
namespace {

namespace redis = waybill::redis;
using Connection = std::unique_ptr<redisContext, decltype(&redisFree)>;

std::string key_of(std::uint64_t number) { return "{bench}:" + product_of(number); }

void command(redisContext* connection, const std::string& text) {
  const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply(
      static_cast<redisReply*>(redisCommand(connection, text.c_str())), &freeReplyObject);
  if (!reply || reply->type == REDIS_REPLY_ERROR) throw std::runtime_error(reply ? reply->str : connection->errstr);
}

Connection connect(const std::string& text) {
  const auto url = expect(waybill::parse_url(text));
  Connection connection(redisConnect(url.host.c_str(), url.port), &redisFree);
  if (connection->err != 0) throw std::runtime_error(connection->errstr);
  command(connection.get(), "AUTH " + url.password);
  command(connection.get(), "SELECT " + url.path.substr(1));
  return connection;
}

class RedisEffect final : public Subject {
 public:
  RedisEffect(std::string guard, const std::string& url) : guard_(std::move(guard)), connection_(connect(url)) {}

  void run(std::uint64_t number) override {
    if (guard_ == "bare") return command(connection_.get(), "DECRBY " + key_of(number) + " 1");
    std::vector<redis::Effect> effects{redis::take(key_of(number), 1)};
    if (guard_ == "cache") {
      effects.push_back(redis::journal("{bench}:journal", "stock", product_of(number),
                                       {{"product", product_of(number)}, {"units", "1"}}));
    }
    const auto applied = expect(redis::apply(connection_.get(), mark_of(number), effects));
    if (applied.result != redis::Applied::Result::fresh) throw std::runtime_error("an operation was not applied");
  }

 private:
  std::string guard_;
  Connection connection_;
};

class BothOrNeither final : public Subject {
 public:
  BothOrNeither(std::string guard, const std::string& redis, const std::string& sql)
      : guard_(std::move(guard)), connection_(connect(redis)), session_(open_postgresql(sql)) {}

  void run(std::uint64_t number) override {
    const auto mark = mark_of(number);
    std::string attempt;
    if (guard_ == "both") {
      attempt = expect(redis::reserve(connection_.get(), mark, {redis::take(key_of(number), 1)})).attempt;
    } else {
      command(connection_.get(), "DECRBY " + key_of(number) + " 1");
    }
    session_->run("BEGIN");
    if (guard_ == "both") {
      expect_fresh(session_->once(mark));
      expect_fresh(session_->once(redis::attempt_mark(attempt)));
    }
    session_->run("UPDATE bench_stock SET units = units - 1 WHERE product = '" + product_of(number) + "'");
    session_->run("COMMIT");
    if (guard_ == "both") expect(redis::complete(connection_.get(), mark, attempt, key_of(number)));
  }

 private:
  std::string guard_;
  Connection connection_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Subject> redis_subject(const std::string& guard, const std::string& url) {
  return std::make_unique<RedisEffect>(guard, url);
}

std::unique_ptr<Subject> both_subject(const std::string& guard, const std::string& redis, const std::string& sql) {
  return std::make_unique<BothOrNeither>(guard, redis, sql);
}

}  // namespace bench
