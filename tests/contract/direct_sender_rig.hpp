#pragma once

/// \file
/// The in-process way on a real Redis, with a broker in memory that answers as each test wants.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "broker/memory/broker.hpp"
#include "core/uuid.hpp"
#include "store/redis/direct_outbox.hpp"
#include "store/store.hpp"
#include "waybill/sender.h"

namespace waybill {

using namespace std::chrono_literals;
using broker::memory::Reply;

inline constexpr std::string_view routes = R"(
[[route]]
topic = "drop.*"
broker = "main"
exchange = "x"
on_nack = "drop"
on_unroutable = "drop"
[[route]]
topic = "fail.*"
broker = "main"
exchange = "x"
on_nack = "fail"
[[route]]
topic = "ordered.*"
broker = "main"
exchange = "x"
order = "key"
[[route]]
topic = "again.*"
broker = "main"
exchange = "x"
resend_after = "300ms"
on_unroutable = "resend"
[relay]
window = 5
)";

/// The answers as they come, by message.
class Answers {
 public:
  void operator()(const Answer& answer) {
    const std::lock_guard lock(mutex_);
    answers_.emplace(answer.id.str(), answer);
    ++count_;
    came_.notify_all();
  }

  /// `ack nothing`, or `none` when it does not come.
  std::string of(const MessageId& id) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, 10s, [&] { return answers_.contains(id.str()); });
    if (!answers_.contains(id.str())) return "none";
    const auto& answer = answers_.at(id.str());
    return std::string{to_string(answer.kind)} + " " + std::string{to_string(answer.next)};
  }

  std::string text_of(const MessageId& id) {
    const std::lock_guard lock(mutex_);
    return answers_.at(id.str()).text;
  }

  std::size_t count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::string, Answer> answers_;
  std::size_t count_ = 0;
};

class DirectSender : public testing::Test {
 protected:
  void SetUp() override {
    const char* text = std::getenv("WAYBILL_TEST_REDIS");
    ASSERT_NE(text, nullptr) << "run the tests by `tools/services run -- ctest`";
    config_.name = "cache";
    config_.url = Secret{text};
    auto connection = redis::Connection::open(config_, "any").value();
    const auto database = connection.run({"INCR", "waybill-test-databases"}, "take a database").value()->number();
    const std::string url = text;
    config_.url = Secret{url.substr(0, url.rfind('/') + 1) + std::to_string(database)};
    store_ = std::move(store::open_store(config_).value());
    const auto migrated = store_->migrate();
    ASSERT_TRUE(migrated) << migrated.error().message();
    name_ = make_uuid7();
    broker_ = broker::memory::Broker::named(name_);
    file_ = testing::TempDir() + name_ + ".toml";
    write("[store.cache]\nurl = \"" + std::string{config_.url.reveal()} + "\"\n[broker.main]\nurl = \"memory://" +
          name_ + "\"\n" + std::string{routes});
  }

  void TearDown() override {
    sender_.reset();
    relay_.reset();
    std::filesystem::remove(file_);
  }

  void write(const std::string& text) { std::ofstream(file_) << text; }

  Sender& sender() {
    if (!sender_) {
      sender_ = std::move(Sender::open(file_, "cache", [this](const Answer& answer) { answers_(answer); }).value());
      warm_up();
    }
    return *sender_;
  }

  /// Until a message is published here: without a connection it would go by the relay.
  void warm_up() {
    ASSERT_TRUE(eventually([&] { return answers_.of(sender_->send(message("again.warm")).value()) == "ack nothing"; }));
  }

  void start_relay() { relay_ = std::move(Relay::start(file_).value()); }

  static Message message(const std::string& topic, const std::string& payload = "x") {
    Message made;
    made.topic = Topic{topic};
    made.payload = payload;
    return made;
  }

  template <class Condition>
  bool eventually(const Condition& condition, std::chrono::milliseconds limit = 10s) const {
    for (const auto end = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < end;) {
      if (condition()) return true;
      broker_->await_change(broker_->state().version, Deadline::after(10ms));
    }
    return condition();
  }

  /// The attempts with which the broker got a message.
  std::vector<std::uint32_t> attempts_of(const MessageId& id) const {
    std::vector<std::uint32_t> attempts;
    for (const auto& delivered : broker_->delivered()) {
      if (delivered.id == id.str()) attempts.push_back(delivered.attempt);
    }
    return attempts;
  }

  std::string state_of(const MessageId& id) const {
    const auto found = store_->locate(id).value();
    if (found.place == store::Whereabouts::Place::gone) return "gone";
    return found.place == store::Whereabouts::Place::outbox ? "outbox" : found.troubled->state;
  }

  std::uint64_t sending() const { return store_->counts().value().sending; }
  bool empty() const {
    return eventually([&] { return sending() == 0; });
  }

  StoreConfig config_;
  std::string name_, file_;
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<broker::memory::Broker> broker_;
  Answers answers_;
  std::unique_ptr<Sender> sender_;
  std::unique_ptr<Relay> relay_;
};

}  // namespace waybill
