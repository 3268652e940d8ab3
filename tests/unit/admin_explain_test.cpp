#include "admin/explain.hpp"
#include "admin/explain_phrases.hpp"
#include "admin_store.hpp"

namespace waybill::admin {
namespace {

class Explain : public AdminStore {
 protected:
  Explanation told(const std::string& id) {
    auto found = store->locate(MessageId(id));
    EXPECT_TRUE(found) << found.error().message();
    return explain(config, "shop", id, *found);
  }
};

TEST_F(Explain, WaitingWithoutARelaySaysSo) {
  persist("a");
  const auto explanation = told("a");
  EXPECT_TRUE(explanation.known());
  EXPECT_EQ(explanation.state, "waiting");
  EXPECT_NE(explanation.next.find("waybill relay"), std::string::npos) << explanation.next;
}

TEST_F(Explain, FailedNamesReasonAnswerAndRemedy) {
  persist("a");
  settle_all(store::Verdict::failed, "unroutable");
  const auto explanation = told("a");
  EXPECT_EQ(explanation.state, "failed");
  const auto json = explanation_json(explanation);
  const auto text = to_text(json);
  EXPECT_NE(text.find("unroutable"), std::string::npos) << text;
  EXPECT_NE(text.find("312 NO_ROUTE"), std::string::npos) << text;
  EXPECT_NE(explanation.next.find("waybill failed resend"), std::string::npos);
  EXPECT_FALSE(json["history"].empty());
}

TEST_F(Explain, TheSameStoryIsToldInChinese) {
  persist("a");
  const auto in_chinese = [&] {
    return explain(config, "shop", "a", *store->locate(MessageId("a")), Language::chinese);
  };
  EXPECT_EQ(in_chinese().lines.at(0), "它在发件箱中，还从未发布过");
  EXPECT_EQ(in_chinese().lines.at(2), "它的主题 'orders.a' 走路由 'orders.*'，到中间件 'main'，交换机 'shop'");
  settle_all(store::Verdict::failed, "unroutable");
  EXPECT_EQ(in_chinese().lines.at(0),
            "它处于 failed 状态，原因是 'unroutable'；已发布 4 次，其中 4 次计入尝试；最后的应答是：312 NO_ROUTE");
  EXPECT_EQ(in_chinese().next, "等人处理：`waybill failed resend` 或 `waybill failed drop`");
}

TEST_F(Explain, BothLanguagesTakeTheSameValues) {
  using namespace phrases;
  for (const auto& phrase :
       {lane_free,       lane_held,    no_route,    takes_route,  in_outbox,           fetched,       in_trouble,
        last_answer,     not_here,     behind_key,  behind_route, next_blocked,        next_no_relay, next_answer,
        next_not_before, next_in_turn, next_person, next_dropped, next_again_no_relay, next_due,      next_again}) {
    const auto values = [](std::string_view text) {
      std::size_t count = 0;
      for (auto at = text.find("{}"); at != std::string_view::npos; at = text.find("{}", at + 2)) ++count;
      return count;
    };
    EXPECT_EQ(values(phrase.english), values(phrase.chinese)) << phrase.english;
  }
}

TEST_F(Explain, ConfirmedAndUnknownAreGone) {
  persist("a");
  settle_all(store::Verdict::confirmed, "");
  EXPECT_FALSE(told("a").known());
  EXPECT_FALSE(told("never-was").known());
  EXPECT_EQ(told("a").state, "gone");
}

}  // namespace
}  // namespace waybill::admin
