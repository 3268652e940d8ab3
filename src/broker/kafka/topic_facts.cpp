#include "broker/kafka/topic_facts.hpp"

#include <cstdlib>

namespace waybill::broker::kafka {
namespace {

using Severity = Finding::Severity;

std::string setting(const TopicFacts& topic, const char* name) {
  const auto found = topic.settings.find(name);
  return found == topic.settings.end() ? std::string() : found->second;
}

int number(const TopicFacts& topic, const char* name) { return std::atoi(setting(topic, name).c_str()); }

void judge_replicas(const TopicFacts& topic, const std::string& subject, std::vector<Finding>& findings) {
  const std::string name = "topic '" + topic.name + "'";
  const int least = number(topic, "min.insync.replicas");
  if (topic.least_replicas < 3) {
    findings.push_back({"WB-D330", Severity::warning, subject,
                        name + " has " + std::to_string(topic.least_replicas) +
                            " replica(s): confirmed messages are lost with the disks of as many machines",
                        "give it a replication factor of 3"});
  }
  if (least < 2) {
    findings.push_back({"WB-D331", Severity::warning, subject,
                        name + " has min.insync.replicas = " + std::to_string(least) +
                            ": a message counts as confirmed when one broker has it in its memory",
                        "set min.insync.replicas = 2 on a topic with 3 replicas"});
  } else if (least >= topic.least_replicas) {
    findings.push_back({"WB-D332", Severity::warning, subject,
                        name + " has min.insync.replicas = " + std::to_string(least) + " of " +
                            std::to_string(topic.least_replicas) +
                            " replicas: when one broker restarts, its messages wait",
                        "give it one replica more than min.insync.replicas"});
  }
  if (topic.least_in_sync < least || topic.without_leader > 0) {
    findings.push_back({"WB-D333", Severity::critical, subject,
                        name + " takes no messages now on some partitions: " + std::to_string(topic.without_leader) +
                            " without a leader, the fewest in-sync replicas are " + std::to_string(topic.least_in_sync),
                        "bring its brokers back; what is to be sent waits until then"});
  }
}

void judge_losses(const TopicFacts& topic, const std::string& subject, std::vector<Finding>& findings) {
  const std::string name = "topic '" + topic.name + "'";
  if (setting(topic, "unclean.leader.election.enable") == "true") {
    findings.push_back({"WB-D334", Severity::critical, subject,
                        name +
                            " allows unclean leader elections: a replica that lags behind can become the leader, and "
                            "confirmed messages are lost",
                        "set unclean.leader.election.enable = false"});
  }
  if (setting(topic, "cleanup.policy").find("compact") != std::string::npos) {
    findings.push_back(
        {"WB-D335", Severity::warning, subject,
         name + " is compacted: of all messages of a key only the last is kept for those who consume late",
         "use cleanup.policy = delete for events"});
  }
  if (topic.least_replicas < 2 && setting(topic, "flush.messages") != "1") {
    findings.push_back(
        {"WB-D336", Severity::warning, subject,
         name + " has one replica and is not flushed for each batch: a power cut loses confirmed messages",
         "replicate it, or set flush.messages = 1"});
  }
}

}  // namespace

std::vector<Finding> judge(const TopicFacts& topic, const std::string& subject) {
  std::vector<Finding> findings;
  judge_replicas(topic, subject, findings);
  judge_losses(topic, subject, findings);
  return findings;
}

}  // namespace waybill::broker::kafka
