#include <libpq-fe.h>

#include <array>
#include <climits>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/postgresql/prepared_once.hpp"
#include "store/postgresql/sqlstate.hpp"
#include "waybill/outbox_postgresql.h"

namespace waybill::postgresql {
namespace {

constexpr const char* statement_name = "waybill_send";
constexpr const char* insert =
    "INSERT INTO waybill.outbox (id, topic, key, payload, headers, content_type, not_before) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
constexpr std::string_view doing = "can't add to waybill.outbox";
constexpr std::size_t columns = 7;

// From pg_type.dat: text, bytea, json and timestamptz are numbered alike in every server.
constexpr std::array<Oid, columns> types = {25, 25, 25, 17, 114, 25, 1184};
constexpr std::array<int, columns> formats = {0, 0, 0, 1, 0, 0, 1};

using ResultOwner = std::unique_ptr<PGresult, decltype(&PQclear)>;

Error refused(std::string text) { return {ErrorCode::refused, "can't add to waybill.outbox: " + std::move(text)}; }

Status check_connection(PGconn* connection) {
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  if (PQpipelineStatus(connection) != PQ_PIPELINE_OFF)
    return refused("the connection is in pipeline mode; leave it first");
  switch (PQtransactionStatus(connection)) {
    case PQTRANS_INTRANS:
      break;
    case PQTRANS_IDLE:
      return refused("no transaction is open; BEGIN one, so that the message stands and falls with your own rows");
    case PQTRANS_INERROR:
      return refused("the transaction has already failed; roll back");
    case PQTRANS_ACTIVE:
      return refused("another command is still running on the connection; read its results first");
    case PQTRANS_UNKNOWN:
      return Error{ErrorCode::unreachable, "the connection to PostgreSQL is lost"};
  }
  const char* encoding = PQparameterStatus(connection, "client_encoding");
  if (encoding == nullptr || std::string_view{encoding} == "UTF8" || std::string_view{encoding} == "SQL_ASCII")
    return {};
  return refused("client_encoding is " + std::string{encoding} + "; set it to UTF8");
}

// timestamptz on the wire: microseconds since the start of 2000, big-endian (PostgreSQL's timestamp.h).
std::string timestamp_bytes(std::chrono::system_clock::time_point at) {
  using std::chrono::microseconds;
  constexpr std::int64_t epoch_2000 = 946'684'800'000'000;
  const auto unix_us = std::chrono::duration_cast<microseconds>(at.time_since_epoch()).count();
  const auto bits = static_cast<std::uint64_t>(unix_us - epoch_2000);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>((bits >> shift) & 0xffu);
  return bytes;
}

// The parameters of one insert; owns what the message itself does not.
class Row {
 public:
  Row(const Message& message, const std::string& id) {
    if (!message.headers.empty()) headers_ = headers_to_json(message.headers);
    if (message.not_before) not_before_ = timestamp_bytes(*message.not_before);
    set(0, id);
    set(1, message.topic.str());
    if (message.key) set(2, message.key->str());
    set(3, message.payload);
    if (!headers_.empty()) set(4, headers_);
    if (!message.content_type.empty()) set(5, message.content_type);
    if (!not_before_.empty()) set(6, not_before_);
  }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }

 private:
  void set(std::size_t column, const std::string& text) {
    values_[column] = text.c_str();
    lengths_[column] = static_cast<int>(text.size());
  }

  std::string headers_;
  std::string not_before_;
  std::array<const char*, columns> values_{};
  std::array<int, columns> lengths_{};
};

PGresult* run(PGconn* connection, const Row& row, bool prepared) {
  constexpr int count = static_cast<int>(columns);
  if (prepared) {
    return PQexecPrepared(connection, statement_name, count, row.values(), row.lengths(), formats.data(), 1);
  }
  return PQexecParams(connection, insert, count, types.data(), row.values(), row.lengths(), formats.data(), 1);
}

}  // namespace

Result<MessageId> send(pg_conn* connection, const Message& message) {
  if (auto status = validate(message); !status) return std::move(status).error();
  if (message.payload.size() > INT_MAX) {
    return Error{ErrorCode::invalid_argument, "payload has more than 2 GiB, which PostgreSQL can't store"};
  }
  if (auto status = check_connection(connection); !status) return std::move(status).error();
  auto prepared = prepare_once(connection, statement_name, insert, types);
  if (!prepared) return Error{prepared.error().code(), std::string{doing} + ": " + prepared.error().message()};

  const MessageId id = message.id.empty() ? MessageId{make_uuid7()} : message.id;
  const Row row{message, id.str()};
  const ResultOwner result{run(connection, row, *prepared), &PQclear};
  if (PQresultStatus(result.get()) == PGRES_COMMAND_OK) return id;
  if (*prepared && forget_if_lost(connection, result.get())) {
    return Error{ErrorCode::busy,
                 "can't add to waybill.outbox: somebody removed this connection's prepared statements "
                 "(DISCARD, or a pooler); roll back and try again"};
  }
  return statement_error(connection, result.get(), doing);
}

}  // namespace waybill::postgresql
