#include <mysql.h>

#include <chrono>
#include <string>
#include <string_view>

#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/mysql/mysql_error.hpp"
#include "store/mysql/value.hpp"
#include "waybill/outbox_mysql.h"

namespace waybill::mysql {
namespace {

constexpr std::string_view doing = "can't add to waybill_outbox";

Status check_connection(const MYSQL* connection) {
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  const bool autocommit = (connection->server_status & SERVER_STATUS_AUTOCOMMIT) != 0;
  const bool in_transaction = (connection->server_status & SERVER_STATUS_IN_TRANS) != 0;
  if (in_transaction || !autocommit) return {};
  return Error{
      ErrorCode::refused,
      "can't add to waybill_outbox: no transaction is open; BEGIN one, so that the message stands and falls with "
      "your own rows"};
}

Value not_before_ms(const Message& message) {
  if (!message.not_before) return nullptr;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(message.not_before->time_since_epoch());
  return std::int64_t{ms.count()};
}

Value present(const std::string& text) { return text.empty() ? Value{nullptr} : Value{text}; }

}  // namespace

Result<MessageId> send(st_mysql* connection, const Message& message) {
  if (auto status = validate(message); !status) return std::move(status).error();
  if (auto status = check_connection(connection); !status) return std::move(status).error();
  const MessageId id = message.id.empty() ? MessageId{make_uuid7()} : message.id;
  const auto headers = message.headers.empty() ? std::string{} : headers_to_json(message.headers);
  const auto sql = with_values(
      "INSERT INTO waybill_outbox (id, topic, `key`, payload, headers, content_type, not_before) VALUES (?, ?, ?, ?, "
      "?, "
      "?, FROM_UNIXTIME(? / 1000.0))",
      {id.str(), message.topic.str(), message.key ? Value{message.key->str()} : Value{nullptr}, message.payload,
       present(headers), present(message.content_type), not_before_ms(message)});
  if (mysql_real_query(connection, sql.data(), sql.size()) != 0) {
    return error_of(mysql_errno(connection), mysql_error(connection), doing);
  }
  return id;
}

}  // namespace waybill::mysql
