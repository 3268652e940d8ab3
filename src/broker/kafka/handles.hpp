#pragma once

/// \file
/// librdkafka's objects, each ended by its own function. Source of all that this folder does with them: the comments in
/// librdkafka's `rdkafka.h` (2.0) and its page CONFIGURATION.md.

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

namespace waybill::broker::kafka {

template <auto Destroy>
struct Destroyer {
  template <class Object>
  void operator()(Object* object) const {
    Destroy(object);
  }
};

using SettingsHandle = std::unique_ptr<rd_kafka_conf_t, Destroyer<rd_kafka_conf_destroy>>;
using ClientHandle = std::unique_ptr<rd_kafka_t, Destroyer<rd_kafka_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
using HeadersHandle = std::unique_ptr<rd_kafka_headers_t, Destroyer<rd_kafka_headers_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, Destroyer<rd_kafka_error_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, Destroyer<rd_kafka_message_destroy>>;
using PartitionsHandle =
    std::unique_ptr<rd_kafka_topic_partition_list_t, Destroyer<rd_kafka_topic_partition_list_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;

/// The library has taken the object over.
template <class Object, class Destroy>
void leave_to_library(std::unique_ptr<Object, Destroy>& handle) {
  [[maybe_unused]] Object* left = handle.release();
}

/// An error in Kafka's words: `UNKNOWN_TOPIC_OR_PART: Broker: Unknown topic or partition`. The library's own have a
/// name with an underscore before it.
inline std::string words_of(rd_kafka_resp_err_t error) {
  return std::string(rd_kafka_err2name(error)) + ": " + rd_kafka_err2str(error);
}

}  // namespace waybill::broker::kafka
