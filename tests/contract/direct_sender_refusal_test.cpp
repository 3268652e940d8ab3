// The in-process way: what it refuses, and in which words.

#include "direct_sender_rig.hpp"

namespace waybill {
namespace {

using testing::HasSubstr;

TEST_F(DirectSender, BadInputIsTold) {
  start_relay();
  sender();
  EXPECT_EQ(sender().send(message("")).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(sender().send(message("nowhere.a")).error().code(), ErrorCode::not_found);
  EXPECT_EQ(sender().send(message("ordered.a")).error().code(), ErrorCode::unsupported);
  broker_->set_script([](const broker::Outgoing&) { return Reply::hold; });
  auto twice = message("again.a");
  twice.id = MessageId{"one"};
  EXPECT_TRUE(sender().send(twice));
  EXPECT_THAT(sender().send(twice).error().message(), HasSubstr("'one'"));
  redis::DirectOutbox other(config_, "another process", "host:1");
  EXPECT_THAT(other.hold(0, twice, "again.*", 1s).error().message(), HasSubstr("'one' waits here already"));
  broker_->release();
  EXPECT_TRUE(empty());
}

TEST_F(DirectSender, WhatCantWorkIsToldAtOnce) {
  const auto open = [&](const std::string& store) { return Sender::open(file_, store, {}).error(); };
  EXPECT_THAT(open("other").message(), HasSubstr("no [store.other]"));
  const std::string broker = "[broker.main]\nurl = \"memory://" + name_ + "\"\n" + std::string{routes};
  write("[store.sql]\nurl = \"sqlite:///tmp/x.db\"\n" + broker);
  EXPECT_THAT(open("sql").message(), HasSubstr("'sql' is no Redis"));
  write("[store.cache]\nurl = \"redis://127.0.0.1:1\"\n" + broker);
  EXPECT_EQ(open("cache").code(), ErrorCode::unreachable);
  const auto text = std::string{config_.url.reveal()};
  write("[store.cache]\nurl = \"" + text.substr(0, text.rfind('/')) + "/9999\"\n" + broker);
  EXPECT_EQ(open("cache").code(), ErrorCode::missing_schema);
  write(std::string{"[store.cache]\nurl = \"redis://h\"\n"});
  EXPECT_EQ(open("cache").code(), ErrorCode::invalid_configuration);
}

}  // namespace
}  // namespace waybill
