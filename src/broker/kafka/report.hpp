#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "broker/publisher.hpp"

namespace waybill::broker::kafka {

/// What a final delivery report says about its message.
struct Report {
  OutcomeKind kind = OutcomeKind::in_doubt;
  std::string answer;  ///< Kafka's words; empty for confirmed
};

/// `status` decides whether the message may be in the topic; the error only why it is not.
Report read_report(rd_kafka_resp_err_t error, rd_kafka_msg_status_t status);

}  // namespace waybill::broker::kafka
