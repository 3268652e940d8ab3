#include "broker/kafka/producer.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "broker/kafka/record.hpp"

namespace waybill::broker::kafka {
namespace {

constexpr Duration poll_step = std::chrono::milliseconds{20};

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

int to_ms(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

rd_kafka_vu_t argument(rd_kafka_vtype_t type) {
  rd_kafka_vu_t one{};
  one.vtype = type;
  return one;
}

rd_kafka_vu_t bytes(rd_kafka_vtype_t type, const std::string& text) {
  rd_kafka_vu_t one = argument(type);
  one.u.mem.ptr = const_cast<char*>(text.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): read only
  one.u.mem.size = text.size();
  return one;
}

// Neither payload nor key is copied: the message stays until its report.
rd_kafka_resp_err_t hand_to_library(rd_kafka_t* client, const Outgoing& outgoing, rd_kafka_headers_t* headers,
                                    void* opaque) {
  const Message& message = *outgoing.message;
  std::array arguments{argument(RD_KAFKA_VTYPE_TOPIC),     bytes(RD_KAFKA_VTYPE_VALUE, message.payload),
                       argument(RD_KAFKA_VTYPE_TIMESTAMP), argument(RD_KAFKA_VTYPE_HEADERS),
                       argument(RD_KAFKA_VTYPE_OPAQUE),    argument(RD_KAFKA_VTYPE_KEY)};
  arguments[0].u.cstr = outgoing.exchange.c_str();
  arguments[2].u.i64 = timestamp_of(outgoing, unix_ms());
  arguments[3].u.headers = headers;
  arguments[4].u.ptr = opaque;
  if (message.key) arguments[5] = bytes(RD_KAFKA_VTYPE_KEY, message.key->str());
  const ErrorHandle error(rd_kafka_produceva(client, arguments.data(), arguments.size()));
  return error ? rd_kafka_error_code(error.get()) : RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace

Result<std::unique_ptr<Producer>> Producer::create(SettingsHandle settings, int wake_fd) {
  std::array<char, 512> why{};
  rd_kafka_conf_set_events(settings.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, settings.get(), why.data(), why.size()));
  if (!client) return Error(ErrorCode::invalid_configuration, why.data());
  leave_to_library(settings);
  return std::unique_ptr<Producer>(new Producer(std::move(client), wake_fd));
}

Producer::Producer(ClientHandle client, int wake_fd)
    : client_(std::move(client)), queue_(rd_kafka_queue_get_main(client_.get())) {
  static constexpr std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue_.get(), wake_fd, &one, sizeof one);
}

Producer::Answer Producer::produce(Outgoing& outgoing) {
  if (auto fault = record_fault(outgoing)) return {Taken::no, {OutcomeKind::undeliverable, *std::move(fault)}};
  in_flight_.push_front({std::move(outgoing), {}});
  InFlight& kept = in_flight_.front();
  kept.self = in_flight_.begin();
  auto headers = make_headers(kept.outgoing);
  const rd_kafka_resp_err_t error = hand_to_library(client_.get(), kept.outgoing, headers.get(), &kept);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    leave_to_library(headers);
    return {};
  }
  outgoing = std::move(kept.outgoing);
  in_flight_.pop_front();
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return {Taken::full, {}};
  return {Taken::no, read_report(error, RD_KAFKA_MSG_STATUS_NOT_PERSISTED)};
}

void Producer::poll(const OnReport& on_report) {
  while (const EventHandle event{rd_kafka_queue_poll(queue_.get(), 0)}) take_event(*event, on_report);
}

void Producer::take_event(rd_kafka_event_t& event, const OnReport& on_report) {
  if (rd_kafka_event_type(&event) == RD_KAFKA_EVENT_ERROR) return take_error(event);
  if (rd_kafka_event_type(&event) != RD_KAFKA_EVENT_DR) return;
  while (const rd_kafka_message_t* message = rd_kafka_event_message_next(&event)) {
    report(*static_cast<InFlight*>(message->_private), read_report(message->err, rd_kafka_message_status(message)),
           on_report);
  }
}

void Producer::report(InFlight& message, Report report, const OnReport& on_report) {
  Outgoing outgoing = std::move(message.outgoing);
  in_flight_.erase(message.self);
  on_report(std::move(outgoing), std::move(report));
}

void Producer::take_error(rd_kafka_event_t& event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(&event);
  const std::string words = std::string(rd_kafka_err2name(error)) + ": " + rd_kafka_event_error_string(&event);
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    all_down_ = true;
    if (complaint_.empty()) complaint_ = words;
  } else if (rd_kafka_event_error_is_fatal(&event) != 0) {
    fatal_ = words;
  } else {
    complaint_ = words;
  }
}

bool Producer::reaches_a_broker(Duration limit) {
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(client_.get(), 0, nullptr, &metadata, to_ms(limit)) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  rd_kafka_metadata_destroy(metadata);
  return true;
}

void Producer::give_up(Deadline deadline, const OnReport& on_report) {
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  while (!in_flight_.empty() && !deadline.passed()) {
    if (const EventHandle event{rd_kafka_queue_poll(queue_.get(), to_ms(poll_step))}) take_event(*event, on_report);
  }
  while (!in_flight_.empty()) {
    report(in_flight_.front(), {OutcomeKind::in_doubt, "no answer came before the end"}, on_report);
  }
}

}  // namespace waybill::broker::kafka
