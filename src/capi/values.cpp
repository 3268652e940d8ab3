#include "capi/values.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>

namespace waybill::capi {
namespace {

constexpr int code_of(ErrorCode code) noexcept { return static_cast<int>(code) + 1; }

// The C names are numbered as the enumerators are; whoever inserts one in the middle learns it here.
static_assert(code_of(ErrorCode::invalid_argument) == WAYBILL_INVALID_ARGUMENT);
static_assert(code_of(ErrorCode::missing_schema) == WAYBILL_MISSING_SCHEMA);
static_assert(code_of(ErrorCode::moved_store) == WAYBILL_MOVED_STORE);
static_assert(code_of(ErrorCode::unreachable) == WAYBILL_UNREACHABLE);
static_assert(code_of(ErrorCode::busy) == WAYBILL_BUSY);
static_assert(code_of(ErrorCode::lost_lane) == WAYBILL_LOST_LANE);
static_assert(code_of(ErrorCode::refused) == WAYBILL_REFUSED);
static_assert(code_of(ErrorCode::in_doubt) == WAYBILL_IN_DOUBT);
static_assert(code_of(ErrorCode::internal) == WAYBILL_INTERNAL);
static_assert(static_cast<int>(Once::fresh) == WAYBILL_ONCE_NEW);
static_assert(static_cast<int>(Once::duplicate) == WAYBILL_ONCE_DUPLICATE);
static_assert(static_cast<int>(Once::conflict) == WAYBILL_ONCE_CONFLICT);
static_assert(static_cast<int>(Once::expired) == WAYBILL_ONCE_EXPIRED);

Error invalid(std::string text) { return {ErrorCode::invalid_argument, std::move(text)}; }

std::string text_of(const char* text) { return text == nullptr ? std::string{} : std::string{text}; }

// Every version so far has all the fields of the first; a later one asks for the size of what it reads.
template <class Structure>
Status check(const Structure* given, const char* what) {
  if (given == nullptr) return invalid(std::string{what} + " is null");
  if (given->size >= sizeof(Structure)) return {};
  return invalid(std::string{what} + ".size is " + std::to_string(given->size) + "; set it to sizeof(" + what + ")");
}

void write(waybill_error* error, int code, bool transient, const char* words) noexcept {
  if (error == nullptr) return;
  error->code = code;
  error->transient = transient ? 1 : 0;
  const auto length = std::min(std::strlen(words), sizeof error->message - 1);
  std::memcpy(error->message, words, length);
  error->message[length] = '\0';
}

}  // namespace

Result<Message> message_from(const waybill_message* message) {
  if (auto status = check(message, "waybill_message"); !status) return std::move(status).error();
  if (message->payload == nullptr && message->payload_size > 0)
    return invalid("payload is null, but its size is not 0");
  if (message->headers == nullptr && message->header_count > 0)
    return invalid("headers is null, but its count is not 0");
  Message read;
  read.id = MessageId{text_of(message->id)};
  read.topic = Topic{text_of(message->topic)};
  if (message->key != nullptr) read.key = Key{message->key};
  if (message->payload_size > 0) read.payload.assign(static_cast<const char*>(message->payload), message->payload_size);
  for (std::size_t i = 0; i < message->header_count; ++i) {
    const auto& header = message->headers[i];
    if (header.name == nullptr || header.value == nullptr) {
      return invalid("header number " + std::to_string(i) + " has no name or no value");
    }
    read.headers[header.name] = header.value;
  }
  read.content_type = text_of(message->content_type);
  if (message->not_before_ms != 0) {
    read.not_before = std::chrono::system_clock::time_point{std::chrono::milliseconds{message->not_before_ms}};
  }
  return read;
}

Result<Mark> mark_from(const waybill_mark* mark) {
  if (auto status = check(mark, "waybill_mark"); !status) return std::move(status).error();
  Mark read;
  read.consumer = text_of(mark->consumer);
  read.unique_id = text_of(mark->unique_id);
  read.fingerprint = text_of(mark->fingerprint);
  read.digest = text_of(mark->digest);
  read.message_id = text_of(mark->message_id);
  read.persisted_at_ms = mark->persisted_at_ms;
  return read;
}

void copy_id(const MessageId& id, char* id_out) {
  if (id_out == nullptr) return;
  const auto length = id.str().copy(id_out, WAYBILL_ID_SIZE - 1);
  id_out[length] = '\0';
}

int fail(const Error& failure, waybill_error* error) noexcept {
  const int code = code_of(failure.code());
  write(error, code, failure.is_transient(), failure.message().c_str());
  return code;
}

int out_of_memory(waybill_error* error) noexcept {
  write(error, WAYBILL_INTERNAL, true, "out of memory");
  return WAYBILL_INTERNAL;
}

}  // namespace waybill::capi
