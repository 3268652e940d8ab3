#include "kafka_topics.hpp"

#include <array>

namespace waybill::testing {
namespace {

constexpr int limit_ms = 30'000;

/// Asks, waits for the answer and gives what its only topic failed with.
template <class Ask, class Result>
std::string answer_of(rd_kafka_t* client, const Ask& ask, const Result* (*result_of)(rd_kafka_event_t*),
                      const rd_kafka_topic_result_t** (*topics_of)(const Result*, std::size_t*)) {
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  ask(queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, limit_ms);
  std::string fault = "the broker does not answer";
  if (const Result* result = event == nullptr ? nullptr : result_of(event)) {
    std::size_t count = 0;
    const auto** topics = topics_of(result, &count);
    const auto error = count == 1 ? rd_kafka_topic_result_error(topics[0]) : rd_kafka_event_error(event);
    fault = error == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : rd_kafka_err2str(error);
  }
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  return fault;
}

}  // namespace

KafkaTopics::KafkaTopics(const std::string& servers) {
  std::array<char, 256> why{};
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "bootstrap.servers", servers.c_str(), why.data(), why.size());
  client_ = rd_kafka_new(RD_KAFKA_PRODUCER, settings, why.data(), why.size());
}

KafkaTopics::~KafkaTopics() { rd_kafka_destroy(client_); }

std::string KafkaTopics::create(const std::string& name, int partitions,
                                const std::map<std::string, std::string>& settings) {
  std::array<char, 256> why{};
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why.data(), why.size());
  if (topic == nullptr) return why.data();
  for (const auto& [key, value] : settings) rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  const auto ask = [&](rd_kafka_queue_t* queue) { rd_kafka_CreateTopics(client_, &topic, 1, nullptr, queue); };
  std::string fault =
      answer_of(client_, ask, &rd_kafka_event_CreateTopics_result, &rd_kafka_CreateTopics_result_topics);
  rd_kafka_NewTopic_destroy(topic);
  return fault;
}

std::string KafkaTopics::remove(const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  const auto ask = [&](rd_kafka_queue_t* queue) { rd_kafka_DeleteTopics(client_, &topic, 1, nullptr, queue); };
  std::string fault =
      answer_of(client_, ask, &rd_kafka_event_DeleteTopics_result, &rd_kafka_DeleteTopics_result_topics);
  rd_kafka_DeleteTopic_destroy(topic);
  return fault;
}

}  // namespace waybill::testing
