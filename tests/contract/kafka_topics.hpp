#pragma once

#include <librdkafka/rdkafka.h>

#include <map>
#include <string>

namespace waybill::testing {

/// Makes and removes topics, independent of what is tested.
class KafkaTopics {
 public:
  explicit KafkaTopics(const std::string& servers);
  ~KafkaTopics();
  KafkaTopics(const KafkaTopics&) = delete;
  KafkaTopics& operator=(const KafkaTopics&) = delete;

  /// Gives what went wrong, or nothing.
  std::string create(const std::string& name, int partitions = 1,
                     const std::map<std::string, std::string>& settings = {});
  std::string remove(const std::string& name);

 private:
  rd_kafka_t* client_;
};

}  // namespace waybill::testing
