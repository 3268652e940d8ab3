// Payloads that a program makes readable: what it may do, and what becomes of one that misbehaves.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "admin/decode.hpp"

namespace waybill::admin {
namespace {

using namespace std::chrono_literals;

DecoderConfig shell(const std::string& script, Duration timeout = 5s) {
  return {"orders", {"orders.*"}, {"/bin/sh", "-c", script}, timeout};
}

TEST(Decode, GivesWhatTheProgramWrites) {
  EXPECT_EQ(decode(shell("tr a-z A-Z"), "two of them").value(), "TWO OF THEM");
  EXPECT_EQ(decode(shell("cat /dev/stdin"), std::string("a\0b", 3)).value(), std::string("a\0b", 3));
  EXPECT_EQ(decode(shell("true"), "x").value(), "");
  const std::string large(3u << 20, 'x');
  EXPECT_EQ(decode(shell("wc -c"), large).value(), std::to_string(large.size()) + "\n");
  EXPECT_EQ(decode(shell("head -c 5"), large).value(), "xxxxx") << "it need not read all";
  EXPECT_EQ(decode(shell("head -c 1000000"), large).value().size(), 1'000'000U);
}

TEST(Decode, NothingOfThisProcessIsInItsHands) {
  setenv("WAYBILL_SECRET", "wb_1", 1);
  EXPECT_EQ(decode(shell("env | sort | grep -v -e ^PWD -e ^_ -e ^SHLVL -e ^OLDPWD"), "").value(),
            "LANG=C.UTF-8\nPATH=/usr/local/bin:/usr/bin:/bin\n");
  unsetenv("WAYBILL_SECRET");
  EXPECT_EQ(decode(shell("ls /proc/self/fd | wc -l"), "").value(), "4\n") << "three, and the folder that ls reads";
}

TEST(Decode, AFailureIsToldInItsWords) {
  const auto failed = decode(shell("echo no order >&2; echo half; exit 3"), "x");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::refused);
  EXPECT_EQ(failed.error().message(), "decoder 'orders': /bin/sh ended with 3: no order\n");
  EXPECT_NE(decode(shell("kill -9 $$"), "x").error().message().find("signal 9"), std::string::npos);
  EXPECT_NE(decode(shell("printf '\\377'"), "x").error().message().find("no UTF-8"), std::string::npos);
  DecoderConfig missing{"orders", {}, {"/nowhere/protoc"}, 1s};
  EXPECT_NE(decode(missing, "x").error().message().find("can't run /nowhere/protoc: No such file"), std::string::npos);
  EXPECT_LT(decode(shell("yes complaint | head -c 300000 >&2; false"), "x").error().message().size(), 1000U);
}

TEST(Decode, WhatDoesNotEndIsEnded) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(decode(shell("sleep 60 & wait", 200ms), "x").error().code(), ErrorCode::timeout);
  const auto endless = decode(shell("yes"), "x");
  EXPECT_EQ(endless.error().code(), ErrorCode::refused);
  EXPECT_NE(endless.error().message().find("more than 1048576 bytes"), std::string::npos);
  EXPECT_EQ(decode(shell("sleep 60 & echo done"), "x").value(), "done\n") << "what it leaves behind is not waited for";
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

TEST(Decode, NoMoreThanTwoAtOnce) {
  const auto gate = testing::TempDir() + "waybill-gate-" + std::to_string(getpid());
  std::filesystem::remove(gate);
  const auto waiting = shell("until test -e " + gate + "; do sleep 0.01; done; echo open");
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      auto told = decode(waiting, "");
      while (!told) told = decode(waiting, "");
      EXPECT_EQ(*told, "open\n");
    });
  }
  Result<std::string> third = std::string();
  while (third) third = decode(shell("true"), "");
  EXPECT_EQ(third.error().code(), ErrorCode::busy);
  std::ofstream(gate) << "";
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(decode(shell("true"), ""));
}

}  // namespace
}  // namespace waybill::admin
