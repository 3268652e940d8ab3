#include "admin/audit.hpp"
#include "admin_store.hpp"

namespace waybill::admin {
namespace {

class Auditing : public AdminStore {};

TEST_F(Auditing, EveryIdIsCountedOnceInOneClass) {
  persist("done-1");
  persist("done-2");
  settle_all(store::Verdict::confirmed, "");
  persist("bad");
  settle_all(store::Verdict::failed, "rejected");
  persist("waits");
  const std::vector<std::string> ids{"done-1", "done-2", "bad", "waits", "waits"};
  const auto is_consumed = [](const std::string& id) -> std::optional<bool> { return id == "done-1"; };
  auto audit = audit_ids(*store, ids, is_consumed, {});
  ASSERT_TRUE(audit) << audit.error().message();
  EXPECT_EQ(audit->persisted, 4U);
  EXPECT_EQ(audit->repeated.count, 1U);
  EXPECT_EQ(audit->sending.count, 1U);
  EXPECT_EQ(audit->failed.first, std::vector<std::string>{"bad"});
  EXPECT_EQ(audit->left.count, 2U);
  EXPECT_EQ(audit->consumed.count, 1U);
  EXPECT_EQ(audit->unconsumed.first, std::vector<std::string>{"done-2"});
}

TEST_F(Auditing, WithoutAConsumerNothingIsSaidOfConsuming) {
  const std::vector<std::string> ids{"x"};
  auto audit = audit_ids(*store, ids, {}, {});
  ASSERT_TRUE(audit);
  EXPECT_TRUE(audit_json(*audit)["consumed"].is_null());
}

TEST(AuditIds, AreLinesOrObjects) {
  const auto ids = parse_ids("a\r\n\n{\"id\":\"b\",\"topic\":\"t\"}\nc", "ids");
  ASSERT_TRUE(ids) << ids.error().message();
  EXPECT_EQ(*ids, (std::vector<std::string>{"a", "b", "c"}));
  const auto bad = parse_ids("a\n{\"topic\":\"t\"}\n", "ids");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message().rfind("ids:2:", 0), 0U) << bad.error().message();
}

}  // namespace
}  // namespace waybill::admin
