#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "broker/backoff.hpp"
#include "broker/kafka/producer.hpp"
#include "broker/publisher.hpp"
#include "broker/publisher_thread.hpp"

namespace waybill::broker::kafka {

/// A publisher to Kafka: one thread that owns one producer at a time.
///
/// The library rides over lost connections by itself, and the brokers know what they have from this producer: nothing
/// is in doubt then, and nothing doubled. While no broker can be reached the publisher is blocked, not down. It goes
/// down, and a new producer takes over, when this one lost its own state.
class KafkaPublisher final : public Publisher {
 public:
  /// The configuration is checked by open().
  static Result<std::unique_ptr<Publisher>> open(const BrokerConfig& config);
  ~KafkaPublisher() override;

  void start(PublisherEvents& events) override;
  void publish(std::vector<Outgoing> messages) override;
  void stop(Deadline deadline) override;

 private:
  KafkaPublisher(BrokerConfig config, std::string servers);

  // All below runs on the thread, unless said otherwise.
  void run();
  Result<std::unique_ptr<Producer>> make_producer(bool one_message_a_batch);
  /// Waits for the first broker that answers; false when the thread is to end.
  bool connect();
  /// Serves one producer until it can't go on, and gives the reason.
  std::string serve();
  void feed();
  void collect();
  void take_report(Outgoing outgoing, Report report, bool was_alone);
  void send_alone(Outgoing outgoing, Report refusal);
  void look_for_a_broker();
  void block(const std::string& reason);
  void give_up();
  void deliver();
  void answer(const Outgoing& outgoing, OutcomeKind kind, std::string words);
  void take_left();
  void refuse_waiting(const char* why);
  /// Waits, and answers what comes meanwhile.
  void pause(Duration limit);
  std::string reason_unreachable() const;

  const BrokerConfig config_;
  const std::string servers_;
  PublisherEvents* events_ = nullptr;  ///< set before the thread starts
  std::deque<Outgoing> waiting_;       ///< not yet taken by the library
  std::vector<Outcome> outcomes_;
  std::unique_ptr<Producer> producer_;
  std::unique_ptr<Producer> alone_;  ///< sends each message in a batch of its own; made when first needed
  std::string cut_off_;              ///< why no broker can be reached; empty: one can
  bool full_ = false;                ///< the library's own queue is
  std::string blocked_for_;          ///< what the engine was told; empty: not blocked
  std::string failed_;               ///< why the producer can't go on; empty: it can
  Backoff backoff_{std::chrono::seconds{10}};
  PublisherThread thread_;
};

}  // namespace waybill::broker::kafka
