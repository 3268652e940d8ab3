// Waybill's own sentences in Chinese, as a page shows them.

#include <gtest/gtest.h>

#include "admin/phrasebook.hpp"

namespace waybill::admin {
namespace {

TEST(Phrasebook, ValuesStayAsTheyAre) {
  EXPECT_EQ(in_chinese("stopped by jo {0}"), "由 jo {0} 停止");
  EXPECT_EQ(in_chinese("stopped: 3 of 100 messages failed again"), "已停止：100 条消息中有 3 条再次失败");
}

TEST(Phrasebook, AValueThatIsASentenceIsToldToo) {
  EXPECT_EQ(in_chinese("waits: route orders.* is stalled"), "等待：路由 orders.* 停滞");
  EXPECT_EQ(in_chinese("waits: route orders.* is paused by jo: disk: full"),
            "等待：路由 orders.* 由 jo 暂停：disk: full");
  EXPECT_EQ(in_chinese("paused by jo: mending, and no relay is running"), "由 jo 暂停：mending，且没有 relay 在运行");
}

TEST(Phrasebook, TheFullerSentenceWins) {
  EXPECT_EQ(in_chinese("no route of the configuration has the topic 'order': did you mean 'orders'?"),
            "配置中没有主题为 'order' 的路由：是指 'orders' 吗？");
  EXPECT_EQ(in_chinese("no route of the configuration has the topic 'x'"), "配置中没有主题为 'x' 的路由");
}

TEST(Phrasebook, AnothersWordsAreNotOurs) {
  for (const auto* answer : {"NO_ROUTE", "", "x stopped by jo", "no route matches topic 'a' any more"}) {
    EXPECT_EQ(in_chinese(answer), std::nullopt) << answer;
  }
  EXPECT_EQ(told_in(Language::chinese, "NO_ROUTE"), "NO_ROUTE");
  EXPECT_EQ(told_in(Language::english, "stopped by jo"), "stopped by jo");
}

}  // namespace
}  // namespace waybill::admin
