#include "broker/kafka/examine.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "broker/examine_transport.hpp"
#include "broker/kafka/hint.hpp"
#include "broker/kafka/settings.hpp"
#include "broker/kafka/topic_facts.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

namespace waybill::broker::kafka {
namespace {

using Severity = Finding::Severity;
using MetadataHandle = std::unique_ptr<const rd_kafka_metadata_t, Destroyer<rd_kafka_metadata_destroy>>;
using ResourceHandle = std::unique_ptr<rd_kafka_ConfigResource_t, Destroyer<rd_kafka_ConfigResource_destroy>>;

constexpr int answer_limit_ms = 5000;

Result<ClientHandle> make_client(const BrokerConfig& config) {
  auto settings = inquirer_settings(config);
  if (!settings) return std::move(settings).error();
  std::array<char, 512> why{};
  ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, settings->get(), why.data(), why.size()));
  if (!client) return Error(ErrorCode::invalid_configuration, why.data());
  leave_to_library(*settings);
  return client;
}

/// The client's last complaint says more than that the question was not answered.
std::string complaint_of(rd_kafka_t* client) {
  const QueueHandle queue(rd_kafka_queue_get_main(client));
  std::string words;
  while (const EventHandle event{rd_kafka_queue_poll(queue.get(), 0)}) {
    const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR || error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      continue;
    words = std::string(rd_kafka_err2name(error)) + ": " + rd_kafka_event_error_string(event.get());
  }
  return words;
}

Error unreachable(const BrokerConfig& config, rd_kafka_t* client, const std::string& servers) {
  const std::string complaint = complaint_of(client);
  const bool refused = complaint.starts_with("_AUTHENTICATION");
  return {refused ? ErrorCode::unauthorized : ErrorCode::unreachable,
          "broker '" + config.name + "': " + (complaint.empty() ? servers + " does not answer" : complaint) +
              (refused ? std::string() : hint_beside(complaint, config, servers))};
}

TopicFacts facts_of(const rd_kafka_metadata_topic_t& topic) {
  TopicFacts facts;
  facts.name = topic.topic;
  facts.partitions = topic.partition_cnt;
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const auto& partition = topic.partitions[i];
    facts.least_replicas = i == 0 ? partition.replica_cnt : std::min(facts.least_replicas, partition.replica_cnt);
    facts.least_in_sync = i == 0 ? partition.isr_cnt : std::min(facts.least_in_sync, partition.isr_cnt);
    if (partition.leader < 0) ++facts.without_leader;
  }
  return facts;
}

/// Fills in the topics' settings. Gives why it could not.
std::optional<std::string> read_settings(rd_kafka_t* client, std::vector<TopicFacts>& topics) {
  std::vector<ResourceHandle> resources;
  std::vector<rd_kafka_ConfigResource_t*> asked;
  asked.reserve(topics.size());
  for (const auto& topic : topics) {
    asked.push_back(
        resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str())).get());
  }
  const QueueHandle queue(rd_kafka_queue_new(client));
  rd_kafka_DescribeConfigs(client, asked.data(), asked.size(), nullptr, queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), answer_limit_ms));
  const auto* result = event ? rd_kafka_event_DescribeConfigs_result(event.get()) : nullptr;
  if (result == nullptr) return "no answer";
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return rd_kafka_event_error_string(event.get());
  std::size_t count = 0;
  const auto** described = rd_kafka_DescribeConfigs_result_resources(result, &count);
  for (std::size_t i = 0; i < std::min(count, topics.size()); ++i) {
    if (const auto* words = rd_kafka_ConfigResource_error_string(described[i])) return words;
    std::size_t entries = 0;
    const auto** entry = rd_kafka_ConfigResource_configs(described[i], &entries);
    for (std::size_t k = 0; k < entries; ++k) {
      const char* value = rd_kafka_ConfigEntry_value(entry[k]);
      topics[i].settings[rd_kafka_ConfigEntry_name(entry[k])] = value == nullptr ? "" : value;
    }
  }
  return std::nullopt;
}

/// The topics that the routes name for certain; those of a template are known only with a message.
std::set<std::string> named_topics(std::span<const Destination> destinations) {
  std::set<std::string> names;
  for (const Destination& destination : destinations) {
    if (!is_template(destination.exchange)) names.insert(destination.exchange);
  }
  return names;
}

void judge_topics(rd_kafka_t* client, std::vector<TopicFacts> topics, const std::string& subject,
                  std::vector<Finding>& findings) {
  if (topics.empty()) return;
  if (const auto fault = read_settings(client, topics)) {
    findings.push_back({"WB-D337", Severity::info, subject,
                        "the settings of the topics could not be read (" + *fault +
                            "): min.insync.replicas, unclean elections and compaction were not checked",
                        "allow this user DescribeConfigs on the topics"});
    return;
  }
  for (const auto& topic : topics) {
    for (Finding& finding : judge(topic, subject)) findings.push_back(std::move(finding));
  }
}

}  // namespace

Result<std::vector<Finding>> examine(const BrokerConfig& config, std::span<const Destination> destinations) {
  auto servers = servers_of(config);
  if (!servers) return std::move(servers).error();
  auto made = make_client(config);
  if (!made) return std::move(made).error();
  rd_kafka_t* client = made->get();
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(client, 1, nullptr, &answer, answer_limit_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return unreachable(config, client, *servers);
  }
  const MetadataHandle metadata(answer);
  const std::string subject = "broker " + config.name;
  const auto url = parse_url(config.url.reveal());
  std::vector<Finding> findings{{"WB-D300", Severity::ok, subject,
                                 "reached " + *servers + ", " + std::to_string(metadata->broker_cnt) + " broker(s)",
                                 ""}};
  examine_transport({url->scheme == "kafkas", config.insecure, url->host, "kafkas"}, subject, findings);
  std::set<std::string> wanted = named_topics(destinations);
  std::vector<TopicFacts> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const auto& topic = metadata->topics[i];
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && wanted.erase(topic.topic) > 0) topics.push_back(facts_of(topic));
  }
  for (const std::string& name : wanted) {
    findings.push_back(
        {"WB-D303", Severity::critical, subject,
         "topic '" + name + "' is missing, or not visible to this user: its messages wait until it is there",
         "create the topic, or correct the exchange of the route"});
  }
  judge_topics(client, std::move(topics), subject, findings);
  return findings;
}

}  // namespace waybill::broker::kafka
