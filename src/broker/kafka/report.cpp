#include "broker/kafka/report.hpp"

#include "broker/kafka/handles.hpp"

namespace waybill::broker::kafka {
namespace {

/// The topic is missing, or not for us: no fault of the message.
bool is_fault_of_topic(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

/// The producer's own state is lost, and with it the knowledge of what the topic has. A new producer goes on.
bool ends_producer(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
    case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
      return true;
    default:
      return false;
  }
}

/// Errors of the library itself are negative: no broker has seen the message.
bool is_from_broker(rd_kafka_resp_err_t error) { return error > RD_KAFKA_RESP_ERR_NO_ERROR; }

}  // namespace

Report read_report(rd_kafka_resp_err_t error, rd_kafka_msg_status_t status) {
  if (status == RD_KAFKA_MSG_STATUS_PERSISTED && error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {OutcomeKind::confirmed, {}};
  }
  if (status != RD_KAFKA_MSG_STATUS_NOT_PERSISTED || ends_producer(error)) {
    return {OutcomeKind::in_doubt, words_of(error)};
  }
  if (is_fault_of_topic(error)) return {OutcomeKind::route_fault, words_of(error)};
  // What passes by itself the library has tried again, for as long as it took: this is the broker's last word.
  return {is_from_broker(error) ? OutcomeKind::rejected : OutcomeKind::unsent, words_of(error)};
}

}  // namespace waybill::broker::kafka
