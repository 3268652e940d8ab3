// Fault 22: what a delivery report of Kafka says, and what counts.

#include <gtest/gtest.h>

#include "broker/kafka/report.hpp"

namespace waybill::broker::kafka {
namespace {

TEST(KafkaReport, OnlyPersistedWithoutAnErrorIsConfirmed) {
  EXPECT_EQ(read_report(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_MSG_STATUS_PERSISTED).kind, OutcomeKind::confirmed);
  EXPECT_EQ(read_report(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED).kind,
            OutcomeKind::in_doubt);
  EXPECT_EQ(read_report(RD_KAFKA_RESP_ERR_UNKNOWN, RD_KAFKA_MSG_STATUS_PERSISTED).kind, OutcomeKind::in_doubt);
}

TEST(KafkaReport, Case22PossiblyPersistedIsInDoubtWhateverTheError) {
  for (const auto error : {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
                           RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC}) {
    EXPECT_EQ(read_report(error, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED).kind, OutcomeKind::in_doubt) << error;
  }
}

TEST(KafkaReport, Case22NotPersistedByTheLibraryNeverLeft) {
  for (const auto error :
       {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__FATAL}) {
    EXPECT_EQ(read_report(error, RD_KAFKA_MSG_STATUS_NOT_PERSISTED).kind, OutcomeKind::unsent) << error;
  }
}

TEST(KafkaReport, WhatTheBrokerRefusesIsRejectedInItsWords) {
  const Report report = read_report(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_MSG_STATUS_NOT_PERSISTED);
  EXPECT_EQ(report.kind, OutcomeKind::rejected);
  EXPECT_EQ(report.answer, "MSG_SIZE_TOO_LARGE: Broker: Message size too large");
}

TEST(KafkaReport, AMissingOrForbiddenTopicIsAFaultOfTheRoute) {
  for (const auto error : {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                           RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}) {
    EXPECT_EQ(read_report(error, RD_KAFKA_MSG_STATUS_NOT_PERSISTED).kind, OutcomeKind::route_fault) << error;
  }
}

TEST(KafkaReport, Case21AProducerThatLostItsSequenceLeavesItsMessagesInDoubt) {
  for (const auto error : {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
                           RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH}) {
    EXPECT_EQ(read_report(error, RD_KAFKA_MSG_STATUS_NOT_PERSISTED).kind, OutcomeKind::in_doubt) << error;
  }
}

}  // namespace
}  // namespace waybill::broker::kafka
