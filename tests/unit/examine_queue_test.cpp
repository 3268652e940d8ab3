// Fault 20: a queue that drops what it has confirmed is found before it does.

#include "broker/rabbitmq/examine_queue.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace waybill::broker::rabbitmq {
namespace {

std::set<std::string> codes(const std::string& queue, const std::string& version = "3.10.8") {
  std::vector<Finding> findings;
  examine_queue(nlohmann::json::parse(queue), version, "broker main", findings);
  std::set<std::string> found;
  for (const Finding& finding : findings) found.insert(finding.code);
  return found;
}

TEST(ExamineQueue, AReplicatedQuorumQueueIsFine) {
  EXPECT_TRUE(codes(R"({"name":"q","type":"quorum","durable":true,"members":["a","b","c"]})").empty());
}

TEST(ExamineQueue, ClassicAndTransientQueuesAreNamed) {
  EXPECT_EQ(codes(R"({"name":"q","type":"classic","durable":false})"), (std::set<std::string>{"WB-D310", "WB-D311"}));
}

TEST(ExamineQueue, Case20DropHeadTtlAndDeliveryLimitByArgumentOrPolicy) {
  EXPECT_EQ(codes(R"({"name":"q","type":"quorum","arguments":{"x-max-length":10,"x-message-ttl":1000,
                      "x-delivery-limit":5},"members":[1,2,3]})"),
            (std::set<std::string>{"WB-D312", "WB-D313", "WB-D314"}));
  EXPECT_EQ(codes(R"({"name":"q","type":"quorum","effective_policy_definition":{"max-length-bytes":10,"expires":1000},
                      "members":[1,2,3]})"),
            (std::set<std::string>{"WB-D312", "WB-D313"}));
}

TEST(ExamineQueue, ALimitThatRejectsIsSafe) {
  EXPECT_TRUE(codes(R"({"name":"q","type":"quorum","arguments":{"x-max-length":10,"x-overflow":"reject-publish"},
                        "members":[1,2,3]})")
                  .empty());
}

TEST(ExamineQueue, SinceVersion4AQuorumQueueHasADeliveryLimitByDefault) {
  const std::string queue = R"({"name":"q","type":"quorum","members":[1,2,3]})";
  EXPECT_EQ(codes(queue, "4.1.0"), std::set<std::string>{"WB-D314"});
  EXPECT_TRUE(codes(queue, "3.13.0").empty());
}

TEST(ExamineQueue, OddAnswersDoNoHarm) {
  EXPECT_FALSE(codes(R"({"name":1,"type":null,"arguments":[],"members":5,"state":{}})").empty());
}

}  // namespace
}  // namespace waybill::broker::rabbitmq
