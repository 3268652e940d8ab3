#include "broker/kafka/consumer.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <thread>
#include <utility>

#include "broker/kafka/record.hpp"

namespace waybill::broker::kafka {
namespace {

/// Each commit is a request to the broker, and what was not committed in a crash only comes again.
constexpr std::size_t commit_after = 100;
constexpr Duration commit_at_latest = std::chrono::milliseconds{200};
/// How long leaving the group in good order may take.
constexpr Duration goodbye_limit = std::chrono::seconds{3};
constexpr Duration poll_step = std::chrono::milliseconds{50};

MonoTime now() { return std::chrono::steady_clock::now(); }

int to_ms(Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<std::int64_t>(ms, 0, 3'600'000));
}

void destroy(rd_kafka_t* client) { rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }

// The library keeps a commit that finds no coordinator for the session timeout and is not gone before; no call ends it
// sooner. The thread is left to itself, as joining it at exit would hold the process for just as long. It touches
// nothing but the client, which calls nobody back any more.
void destroy_unawaited(rd_kafka_t* client) {
  try {
    std::thread(destroy, client).detach();
  } catch (const std::system_error&) {
    destroy(client);
  }
}

}  // namespace

Result<std::unique_ptr<Consumer>> KafkaConsumer::open(SettingsHandle settings, const std::string& topic,
                                                      std::uint16_t prefetch) {
  std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(topic, prefetch));
  rd_kafka_conf_set_opaque(settings.get(), consumer.get());
  rd_kafka_conf_set_rebalance_cb(settings.get(),
                                 [](rd_kafka_t*, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                                    void* self) { static_cast<KafkaConsumer*>(self)->rebalance(what, partitions); });
  rd_kafka_conf_set_error_cb(settings.get(), [](rd_kafka_t*, int error, const char* words, void* self) {
    static_cast<KafkaConsumer*>(self)->complain(static_cast<rd_kafka_resp_err_t>(error), words);
  });
  std::array<char, 512> why{};
  consumer->client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, settings.get(), why.data(), why.size()));
  if (!consumer->client_) return Error(ErrorCode::invalid_configuration, std::string("consumer: ") + why.data());
  leave_to_library(settings);
  rd_kafka_poll_set_consumer(consumer->client_.get());
  consumer->queue_.reset(rd_kafka_queue_get_consumer(consumer->client_.get()));
  const PartitionsHandle topics(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  if (const auto error = rd_kafka_subscribe(consumer->client_.get(), topics.get())) {
    return Error(ErrorCode::invalid_argument, "consumer: topic '" + topic + "': " + words_of(error));
  }
  return std::unique_ptr<Consumer>(std::move(consumer));
}

KafkaConsumer::KafkaConsumer(std::string topic, std::uint16_t prefetch)
    : topic_(std::move(topic)), prefetch_(prefetch) {}

KafkaConsumer::~KafkaConsumer() {
  if (!queue_) return;
  // Leaving in good order commits what is done and tells the group; with the broker away it would wait for ever.
  closing_ = true;
  commit(false);
  QueueHandle leaving(rd_kafka_queue_new(client_.get()));
  const ErrorHandle refused(rd_kafka_consumer_close_queue(client_.get(), leaving.get()));
  const Deadline deadline = Deadline::after(goodbye_limit);
  const auto left = [this] { return rd_kafka_consumer_closed(client_.get()) != 0; };
  while (!refused && !left() && !deadline.passed()) {
    const EventHandle event(rd_kafka_queue_poll(leaving.get(), to_ms(poll_step)));
    if (!event || rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_REBALANCE) continue;
    rebalance(rd_kafka_event_error(event.get()), rd_kafka_event_topic_partition_list(event.get()));
  }
  leaving.reset();
  queue_.reset();
  left() ? destroy(client_.release()) : destroy_unawaited(client_.release());
}

Result<std::optional<Delivery>> KafkaConsumer::receive(std::chrono::milliseconds wait) {
  const Deadline deadline = Deadline::after(wait);
  commit_when_due();
  while (!stopped_) {
    if (auto again = hand_out_again()) return again;
    keep_within_prefetch();
    auto ready = poll(Duration::zero());
    if (!ready || *ready) return ready;
    if (uncommitted_ > 0) commit(false);
    if (deadline.passed()) break;
    ready = poll(std::min<Duration>(deadline.at() - now(), std::chrono::seconds{1}));
    if (!ready || *ready) return ready;
  }
  return std::optional<Delivery>();
}

Result<std::optional<Delivery>> KafkaConsumer::poll(Duration limit) {
  const MessageHandle record(rd_kafka_consumer_poll(client_.get(), to_ms(limit)));
  if (auto fault = std::exchange(fault_, Status()); !fault) return std::move(fault).error();
  if (!record) return std::optional<Delivery>();
  if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (auto fault = fault_of(record->err, rd_kafka_message_errstr(record.get())); !fault) {
      return std::move(fault).error();
    }
    return std::optional<Delivery>();
  }
  return hand_out(read_record(*record), {record->partition, record->offset});
}

std::optional<Delivery> KafkaConsumer::hand_out(Delivery delivery, const Position& position) {
  ledger_.handed_out(position);
  delivery.tag = ++last_tag_;
  delivery.session = session_;
  outstanding_.emplace(delivery.tag, position);
  return delivery;
}

std::optional<Delivery> KafkaConsumer::hand_out_again() {
  if (again_.empty() || outstanding_.size() >= prefetch_) return std::nullopt;
  auto [delivery, position] = std::move(again_.front());
  again_.pop_front();
  delivery.redelivered = true;
  delivery.tag = ++last_tag_;
  outstanding_.emplace(delivery.tag, position);
  return std::move(delivery);
}

void KafkaConsumer::ack(const Delivery& delivery) {
  const auto found = outstanding_.find(delivery.tag);
  if (delivery.session != session_ || found == outstanding_.end()) return;
  ledger_.done(found->second);
  outstanding_.erase(found);
  ++uncommitted_;
}

void KafkaConsumer::reject(const Delivery& delivery, bool requeue) {
  if (!requeue) return ack(delivery);
  const auto found = outstanding_.find(delivery.tag);
  if (delivery.session != session_ || found == outstanding_.end()) return;
  again_.emplace_back(delivery, found->second);
  outstanding_.erase(found);
}

void KafkaConsumer::stop() {
  stopped_ = true;
  rd_kafka_queue_yield(queue_.get());
}

// A paused partition gives no record, but the group still hears that this member lives.
void KafkaConsumer::keep_within_prefetch() {
  const bool full = outstanding_.size() + again_.size() >= prefetch_;
  if (full == paused_) return;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (rd_kafka_assignment(client_.get(), &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const PartitionsHandle partitions(assigned);
  full ? rd_kafka_pause_partitions(client_.get(), assigned) : rd_kafka_resume_partitions(client_.get(), assigned);
  paused_ = full;
}

void KafkaConsumer::commit_when_due() {
  if (uncommitted_ >= commit_after || (uncommitted_ > 0 && now() - committed_at_ >= commit_at_latest)) commit(false);
}

void KafkaConsumer::commit(bool wait) {
  uncommitted_ = 0;
  committed_at_ = now();
  const auto commits = ledger_.take_commits();
  if (commits.empty()) return;
  const PartitionsHandle offsets(rd_kafka_topic_partition_list_new(static_cast<int>(commits.size())));
  for (const Position& at : commits) {
    rd_kafka_topic_partition_list_add(offsets.get(), topic_.c_str(), at.partition)->offset = at.offset;
  }
  // One that fails changes nothing but what comes again.
  rd_kafka_commit(client_.get(), offsets.get(), wait ? 0 : 1);
}

void KafkaConsumer::rebalance(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) {
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    rd_kafka_assign(client_.get(), partitions);
  } else {
    if (rd_kafka_assignment_lost(client_.get()) == 0) commit(!closing_);
    // What was handed out of them comes again, perhaps to another member.
    ledger_.clear();
    outstanding_.clear();
    again_.clear();
    ++session_;
    rd_kafka_assign(client_.get(), nullptr);
  }
  paused_ = false;
}

void KafkaConsumer::complain(rd_kafka_resp_err_t error, const char* words) {
  if (auto fault = fault_of(error, words); !fault) fault_ = std::move(fault);
}

// Everything else passes by itself: the library connects again.
Status KafkaConsumer::fault_of(rd_kafka_resp_err_t error, const char* words) const {
  const std::string text = "topic '" + topic_ + "': " + rd_kafka_err2name(error) + ": " + words;
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return Error(ErrorCode::not_found, text);
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return Error(ErrorCode::unauthorized, text);
    default:
      return {};
  }
}

}  // namespace waybill::broker::kafka
