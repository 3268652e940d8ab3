#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/sqlite/sqlite_error.hpp"
#include "waybill/outbox_sqlite.h"

namespace waybill::sqlite {
namespace {

constexpr std::string_view insert =
    "INSERT INTO waybill_outbox (id, topic, key, payload, headers, content_type, not_before) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr std::string_view doing = "can't add to waybill_outbox";

using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Status check_connection(sqlite3* connection) {
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "the connection is null"};
  if (sqlite3_get_autocommit(connection) == 0) return {};
  return Error{
      ErrorCode::refused,
      "can't add to waybill_outbox: no transaction is open; BEGIN one, so that the message stands and falls with "
      "your own rows"};
}

// What is bound stays the caller's and outlives the statement: SQLite need not copy it.
int bind_text(sqlite3_stmt* statement, int column, const std::string& text) {
  return sqlite3_bind_text64(statement, column, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int bind_present(sqlite3_stmt* statement, int column, const std::string& text) {
  return text.empty() ? sqlite3_bind_null(statement, column) : bind_text(statement, column, text);
}

int bind_not_before(sqlite3_stmt* statement, int column, const Message& message) {
  if (!message.not_before) return sqlite3_bind_null(statement, column);
  const auto since_epoch = message.not_before->time_since_epoch();
  return sqlite3_bind_int64(statement, column, std::chrono::ceil<std::chrono::milliseconds>(since_epoch).count());
}

bool bind_all(sqlite3_stmt* statement, const Message& message, const std::string& id, const std::string& headers) {
  const auto& payload = message.payload;
  return bind_text(statement, 1, id) == SQLITE_OK && bind_text(statement, 2, message.topic.str()) == SQLITE_OK &&
         (!message.key || bind_text(statement, 3, message.key->str()) == SQLITE_OK) &&
         sqlite3_bind_blob64(statement, 4, payload.data(), payload.size(), SQLITE_STATIC) == SQLITE_OK &&
         bind_present(statement, 5, headers) == SQLITE_OK &&
         bind_present(statement, 6, message.content_type) == SQLITE_OK &&
         bind_not_before(statement, 7, message) == SQLITE_OK;
}

}  // namespace

Result<MessageId> send(sqlite3* connection, const Message& message) {
  if (auto status = validate(message); !status) return std::move(status).error();
  if (auto status = check_connection(connection); !status) return std::move(status).error();

  const MessageId id = message.id.empty() ? MessageId{make_uuid7()} : message.id;
  const auto headers = message.headers.empty() ? std::string{} : headers_to_json(message.headers);
  sqlite3_stmt* raw = nullptr;
  const int prepared = sqlite3_prepare_v2(connection, insert.data(), static_cast<int>(insert.size()), &raw, nullptr);
  const Statement statement{raw, &sqlite3_finalize};
  if (prepared != SQLITE_OK || !bind_all(raw, message, id.str(), headers) || sqlite3_step(raw) != SQLITE_DONE) {
    return statement_error(connection, doing);
  }
  return id;
}

}  // namespace waybill::sqlite
