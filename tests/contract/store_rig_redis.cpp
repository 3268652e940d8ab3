#include <hiredis/hiredis.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "core/url.hpp"
#include "store_rig.hpp"

namespace waybill::contract {
namespace {

Url server() {
  const char* text = std::getenv("WAYBILL_TEST_REDIS");
  if (text == nullptr) {
    throw std::runtime_error{"WAYBILL_TEST_REDIS is not set; run the tests by `tools/services run -- ctest`"};
  }
  return parse_url(text).value();
}

/// A connection of a service.
class Session {
 public:
  explicit Session(const std::string& database) : context_(nullptr, &redisFree) {
    const auto url = server();
    context_.reset(redisConnect(url.host.c_str(), url.port));
    if (!context_ || context_->err != 0) throw std::runtime_error{"can't connect to the Redis server"};
    if (!url.password.empty()) run({"AUTH", url.password});
    run({"SELECT", database});
  }

  std::string run(const std::vector<std::string>& words) {
    std::vector<const char*> starts;
    std::vector<std::size_t> lengths;
    for (const auto& word : words) {
      starts.push_back(word.data());
      lengths.push_back(word.size());
    }
    const std::unique_ptr<void, decltype(&freeReplyObject)> answer{
        redisCommandArgv(context_.get(), static_cast<int>(words.size()), starts.data(), lengths.data()),
        &freeReplyObject};
    const auto* reply = static_cast<const redisReply*>(answer.get());
    if (reply == nullptr) throw std::runtime_error{context_->errstr};
    if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error{reply->str};
    return reply->type == REDIS_REPLY_INTEGER ? std::to_string(reply->integer) : std::string{};
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

/// MULTI has no savepoints: a service that wants one sends nothing before it is sure.
class RedisTransaction final : public ServiceTransaction {
 public:
  explicit RedisTransaction(const std::string& database) : session_(database) {}

  void insert(const ServiceRow& row) override {
    rows_.push_back({"FCALL", "waybill_send", "1", "{waybill:0}:outbox", row.topic, row.key.value_or(""), row.payload,
                     row.headers.value_or(""), "", row.not_before_ms ? std::to_string(*row.not_before_ms) : "",
                     row.id.value_or("")});
  }
  void commit() override {
    session_.run({"MULTI"});
    for (const auto& row : rows_) session_.run(row);
    session_.run({"EXEC"});
  }
  void rollback() override {
    session_.run({"MULTI"});
    for (const auto& row : rows_) session_.run(row);
    session_.run({"DISCARD"});
  }
  void savepoint() override { savepoint_ = rows_.size(); }
  void rollback_to_savepoint() override { rows_.resize(savepoint_); }

 private:
  Session session_;
  std::vector<std::vector<std::string>> rows_;
  std::size_t savepoint_ = 0;
};

class RedisRig final : public StoreRig {
 public:
  RedisRig() {
    // Database 0 counts which ones are taken; test programs run side by side.
    database_ = Session{"0"}.run({"INCR", "waybill-test-databases"});
    const auto url = server();
    StoreConfig config;
    config.name = "redis";
    config.url = Secret{"redis://:" + url.password + "@" + url.host + ":" + std::to_string(url.port) + "/" + database_};
    config.max_payload = rig_max_payload;
    auto opened = store::open_store(config);
    if (!opened) throw std::runtime_error{opened.error().message()};
    store_ = std::move(*opened);
    if (auto migrated = store_->migrate(); !migrated) throw std::runtime_error{migrated.error().message()};
  }
  RedisRig(const RedisRig&) = delete;
  RedisRig& operator=(const RedisRig&) = delete;
  ~RedisRig() override {
    store_.reset();
    try {
      Session{database_}.run({"FLUSHDB"});
    } catch (const std::exception&) {
      // The server is a throw-away one: a database that is left does no harm.
    }
  }

  store::Store& store() override { return *store_; }
  std::unique_ptr<ServiceTransaction> begin() override { return std::make_unique<RedisTransaction>(database_); }
  /// As another relay does that finds the owner gone.
  void steal() override {
    Session session{database_};
    session.run({"HINCRBY", "{waybill:0}:lane", "fence", "1"});
    session.run({"DEL", "{waybill:0}:owner"});
  }

 private:
  std::string database_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace

std::unique_ptr<StoreRig> make_redis_rig() { return std::make_unique<RedisRig>(); }

}  // namespace waybill::contract
