#include "kafka_topics.hpp"

#include <array>

namespace waybill::testing {
namespace {

constexpr int limit_ms = 30'000;

/// What the only topic of the answer failed with.
template <class Result>
std::string fault_of(rd_kafka_event_t* event, const Result* result,
                     const rd_kafka_topic_result_t** (*topics)(const Result*, std::size_t*)) {
  if (event == nullptr || result == nullptr) return "the broker does not answer";
  std::string fault;
  std::size_t count = 0;
  const auto** all = topics(result, &count);
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fault = rd_kafka_event_error_string(event);
  } else if (count != 1 || rd_kafka_topic_result_error(all[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fault = count == 1 ? rd_kafka_err2str(rd_kafka_topic_result_error(all[0])) : "no result";
  }
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
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client_);
  rd_kafka_CreateTopics(client_, &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, limit_ms);
  std::string fault = fault_of(event, event == nullptr ? nullptr : rd_kafka_event_CreateTopics_result(event),
                               &rd_kafka_CreateTopics_result_topics);
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
  return fault;
}

std::string KafkaTopics::remove(const std::string& name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client_);
  rd_kafka_DeleteTopics(client_, &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, limit_ms);
  std::string fault = fault_of(event, event == nullptr ? nullptr : rd_kafka_event_DeleteTopics_result(event),
                               &rd_kafka_DeleteTopics_result_topics);
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteTopic_destroy(topic);
  return fault;
}

}  // namespace waybill::testing
