#include "inbox/mysql/statement.hpp"

#include <chrono>
#include <cstdlib>

#include "store/mysql/mysql_error.hpp"

namespace waybill::inbox::mysql {

Rows::Rows(MYSQL_RES* result) : result_(result) { next(); }

void Rows::next() {
  fields_ = result_ ? mysql_fetch_row(result_.get()) : nullptr;
  lengths_ = fields_ == nullptr ? nullptr : mysql_fetch_lengths(result_.get());
}

std::string Rows::text(unsigned column) const {
  return fields_[column] == nullptr ? std::string{} : std::string{fields_[column], lengths_[column]};
}

std::optional<std::int64_t> Rows::number(unsigned column) const {
  if (fields_[column] == nullptr) return std::nullopt;
  return std::strtoll(fields_[column], nullptr, 10);
}

Result<Rows> query(MYSQL* connection, std::string_view sql, const Values& values, std::string_view doing) {
  const auto text = waybill::mysql::with_values(sql, values);
  MYSQL_RES* result = nullptr;
  if (mysql_real_query(connection, text.data(), text.size()) == 0) result = mysql_store_result(connection);
  if (mysql_errno(connection) != 0) {
    return waybill::mysql::error_of(mysql_errno(connection), mysql_error(connection), doing);
  }
  return Rows{result};
}

Result<std::uint64_t> run(MYSQL* connection, std::string_view sql, const Values& values, std::string_view doing) {
  auto done = query(connection, sql, values, doing);
  return done ? Result<std::uint64_t>{mysql_affected_rows(connection)} : Result<std::uint64_t>{done.error()};
}

bool in_transaction(const MYSQL* connection) {
  return (connection->server_status & SERVER_STATUS_IN_TRANS) != 0 ||
         (connection->server_status & SERVER_STATUS_AUTOCOMMIT) == 0;
}

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace waybill::inbox::mysql
