// What `waybill doctor` makes of a topic of Kafka.

#include "broker/kafka/topic_facts.hpp"

#include <gtest/gtest.h>

#include <set>

namespace waybill::broker::kafka {
namespace {

TopicFacts good() {
  return {"orders",
          3,
          3,
          3,
          0,
          {{"min.insync.replicas", "2"},
           {"unclean.leader.election.enable", "false"},
           {"cleanup.policy", "delete"},
           {"flush.messages", "9223372036854775807"}}};
}

std::set<std::string> codes(const TopicFacts& topic) {
  std::set<std::string> found;
  for (const Finding& finding : judge(topic, "broker main")) found.insert(finding.code);
  return found;
}

TEST(TopicFacts, ThreeReplicasWithTwoInSyncAreFine) { EXPECT_TRUE(codes(good()).empty()); }

TEST(TopicFacts, OneReplicaPromisesLittle) {
  TopicFacts topic = good();
  topic.least_replicas = topic.least_in_sync = 1;
  topic.settings["min.insync.replicas"] = "1";
  EXPECT_EQ(codes(topic), (std::set<std::string>{"WB-D330", "WB-D331", "WB-D336"}));
  topic.settings["flush.messages"] = "1";
  EXPECT_EQ(codes(topic), (std::set<std::string>{"WB-D330", "WB-D331"}));
}

TEST(TopicFacts, AsManyInSyncAsReplicasStopsAtEveryRestart) {
  TopicFacts topic = good();
  topic.settings["min.insync.replicas"] = "3";
  EXPECT_EQ(codes(topic), (std::set<std::string>{"WB-D332"}));
}

TEST(TopicFacts, PartitionsThatTakeNothingAreCritical) {
  TopicFacts topic = good();
  topic.least_in_sync = 1;
  EXPECT_EQ(codes(topic), (std::set<std::string>{"WB-D333"}));
  topic = good();
  topic.without_leader = 1;
  EXPECT_EQ(codes(topic), (std::set<std::string>{"WB-D333"}));
}

TEST(TopicFacts, UncleanElectionsAndCompactionLoseMessages) {
  TopicFacts topic = good();
  topic.settings["unclean.leader.election.enable"] = "true";
  topic.settings["cleanup.policy"] = "compact,delete";
  EXPECT_EQ(codes(topic), (std::set<std::string>{"WB-D334", "WB-D335"}));
}

}  // namespace
}  // namespace waybill::broker::kafka
