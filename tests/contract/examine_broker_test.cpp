// `waybill doctor` on a real broker.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "publisher_rig.hpp"

namespace waybill::testing {
namespace {

class ExamineBroker : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(rig_->fault(), ""); }
  std::vector<Finding> examine(const BrokerConfig& config, std::vector<broker::Destination> destinations) {
    auto findings = broker::examine_broker(config, destinations);
    EXPECT_TRUE(findings) << findings.error().message();
    return findings ? std::move(*findings) : std::vector<Finding>();
  }
  static const Finding* find(const std::vector<Finding>& findings, const std::string& code, const std::string& words) {
    const auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.code == code && finding.text.find(words) != std::string::npos;
    });
    return found == findings.end() ? nullptr : &*found;
  }

  std::unique_ptr<PublisherRig> rig_ = make_rabbitmq_rig();
};

TEST_F(ExamineBroker, AMissingExchangeIsNamedAndWhatWasNotCheckedIsSaid) {
  const auto findings = examine(rig_->config(), {rig_->good(), rig_->missing(), {"by-{topic}", "{topic}"}});
  EXPECT_NE(find(findings, "WB-D300", "logged in"), nullptr);
  ASSERT_NE(find(findings, "WB-D303", rig_->missing().exchange), nullptr);
  EXPECT_EQ(find(findings, "WB-D303", rig_->missing().exchange)->severity, Finding::Severity::critical);
  EXPECT_NE(find(findings, "WB-D305", "management_url"), nullptr);
}

TEST_F(ExamineBroker, TheManagementApiTellsClassicFromQuorumQueues) {
  BrokerConfig config = rig_->config();
  const char* management = std::getenv("WAYBILL_TEST_RABBITMQ_MANAGEMENT");
  ASSERT_NE(management, nullptr) << "`make test` sets it";
  config.management_url = management;
  const auto findings = examine(config, {rig_->good()});
  EXPECT_NE(find(findings, "WB-D301", "RabbitMQ "), nullptr);
  EXPECT_NE(find(findings, "WB-D310", ".full' is a classic queue"), nullptr);
  EXPECT_NE(find(findings, "WB-D315", ".good' has 1 member"), nullptr);
  EXPECT_EQ(find(findings, "WB-D312", ""), nullptr) << "a full queue that rejects is safe";
}

TEST_F(ExamineBroker, AnUnreachableManagementApiIsAFindingAndNotAFailure) {
  BrokerConfig config = rig_->config();
  config.management_url = "http://127.0.0.1:1";
  EXPECT_NE(find(examine(config, {rig_->good()}), "WB-D306", "127.0.0.1:1"), nullptr);
}

TEST_F(ExamineBroker, AnUnreachableBrokerIsAnError) {
  rig_->reachable(false);
  const auto findings = broker::examine_broker(rig_->config(), {});
  ASSERT_FALSE(findings);
  EXPECT_EQ(findings.error().code(), ErrorCode::unreachable);
}

}  // namespace
}  // namespace waybill::testing
