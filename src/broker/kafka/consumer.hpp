#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "broker/kafka/handles.hpp"
#include "broker/kafka/offset_ledger.hpp"
#include "core/time.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::kafka {

/// Consumes one topic as a member of a group. Everything happens on the caller's thread, inside receive() and ack(),
/// but for what librdkafka's own threads fetch ahead.
class KafkaConsumer final : public Consumer {
 public:
  static Result<std::unique_ptr<Consumer>> open(SettingsHandle settings, const std::string& topic,
                                                std::uint16_t prefetch);
  ~KafkaConsumer() override;

  Result<std::optional<Delivery>> receive(std::chrono::milliseconds wait) override;
  void ack(const Delivery& delivery) override;
  void reject(const Delivery& delivery, bool requeue) override;
  void stop() override;

 private:
  KafkaConsumer(std::string topic, std::uint16_t prefetch);

  /// The next record that librdkafka has, waiting for it at most `limit`.
  Result<std::optional<Delivery>> poll(Duration limit);
  std::optional<Delivery> hand_out(Delivery delivery, const Position& position);
  std::optional<Delivery> hand_out_again();
  Status fault_of(rd_kafka_resp_err_t error, const char* words) const;
  void keep_within_prefetch();
  void commit(bool wait);
  void commit_when_due();

  // Called by librdkafka inside poll().
  void rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions);
  void complain(rd_kafka_resp_err_t error, const char* words);

  const std::string topic_;
  const std::uint16_t prefetch_;
  std::atomic<bool> stopped_{false};
  ClientHandle client_;
  QueueHandle queue_;  ///< of the client's consumer

  OffsetLedger ledger_;
  std::unordered_map<std::uint64_t, Position> outstanding_;  ///< handed out and not answered, by tag
  std::deque<std::pair<Delivery, Position>> again_;          ///< given back by the caller
  std::uint64_t last_tag_ = 0;
  std::uint64_t session_ = 1;  ///< of the group; another one when partitions went away
  bool paused_ = false;
  bool closing_ = false;
  Status fault_;  ///< what waiting alone will not mend
  std::size_t uncommitted_ = 0;
  MonoTime committed_at_{};
};

}  // namespace waybill::broker::kafka
