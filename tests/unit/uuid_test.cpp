#include "core/uuid.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace waybill {
namespace {

// RFC 9562, appendix A.6.
constexpr std::int64_t vector_ms = 0x017F22E279B0;
constexpr const char* vector_text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

TEST(Uuid7, HasTheLayoutOfThePublishedVector) {
  EXPECT_EQ(format_uuid7(vector_ms, 0xCC3, 0x18C4DC0C0C07398F), vector_text);
}

TEST(Uuid7, KeepsVersionAndVariantWhateverTheRandomBits) {
  const auto text = format_uuid7(0, 0xffff, ~std::uint64_t{0});
  EXPECT_EQ(text, "00000000-0000-7fff-bfff-ffffffffffff");
}

TEST(Uuid7, TellsItsTime) {
  EXPECT_EQ(uuid7_unix_ms(vector_text), vector_ms);
  EXPECT_EQ(uuid7_unix_ms("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), vector_ms);
}

TEST(Uuid7, OtherTextsTellNoTime) {
  for (const auto* text : {"", "17", "919108f7-52d1-4320-9bac-f847db4148a8", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
                           "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
                           "017f22e2079b0-7cc3-98c4-dc0c0c07398f", "g17f22e2-79b0-7cc3-98c4-dc0c0c07398f"}) {
    EXPECT_EQ(uuid7_unix_ms(text), std::nullopt) << text;
  }
}

TEST(Uuid7, LaterCallsInOneThreadSortHigher) {
  std::string last;
  for (int i = 0; i < 20000; ++i) {
    auto next = make_uuid7();
    ASSERT_LT(last, next);
    last = std::move(next);
  }
}

TEST(Uuid7, TellsTheTimeItWasMadeAt) {
  const auto now = [] {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  };
  const auto before = now();
  std::int64_t made = 0;
  std::thread{[&] { made = uuid7_unix_ms(make_uuid7()).value_or(0); }}.join();
  EXPECT_GE(made, before);
  EXPECT_LE(made, now());
}

TEST(Uuid7, ThreadsNeverMakeTheSame) {
  std::array<std::vector<std::string>, 4> made;
  std::vector<std::thread> threads;
  for (auto& mine : made) {
    threads.emplace_back([&mine] {
      for (int i = 0; i < 2000; ++i) mine.push_back(make_uuid7());
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 8000u);
}

TEST(Uuid7, AForkedChildDoesNotRepeatItsParent) {
  make_uuid7();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const auto child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto id = make_uuid7();
    _exit(write(ends[1], id.data(), id.size()) == static_cast<ssize_t>(id.size()) ? 0 : 1);
  }
  const auto mine = make_uuid7();
  std::string theirs(36, '\0');
  EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), 36);
  waitpid(child, nullptr, 0);
  EXPECT_NE(mine, theirs);
}

}  // namespace
}  // namespace waybill
