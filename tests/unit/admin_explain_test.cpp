#include "admin/explain.hpp"
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

TEST_F(Explain, ConfirmedAndUnknownAreGone) {
  persist("a");
  settle_all(store::Verdict::confirmed, "");
  EXPECT_FALSE(told("a").known());
  EXPECT_FALSE(told("never-was").known());
  EXPECT_EQ(told("a").state, "gone");
}

}  // namespace
}  // namespace waybill::admin
