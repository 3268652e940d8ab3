#include "store/sqlite/sqlite_error.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace waybill::sqlite {
namespace {

ErrorCode code_of_words(std::string_view words) noexcept {
  const auto says = [&](std::string_view part) { return words.find(part) != std::string_view::npos; };
  if (says("no such table: ")) return says("waybill_") ? ErrorCode::missing_schema : ErrorCode::not_found;
  if (says("has no column named") || says("no such column")) return ErrorCode::older_schema;
  return ErrorCode::internal;
}

// Of files that it opens beside the database SQLite says no more than that there was an I/O error.
ErrorCode code_of_system(int error) noexcept {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::disk_full;
    case EROFS:
      return ErrorCode::read_only;
    default:
      return ErrorCode::unreachable;
  }
}

std::string_view remedy(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::missing_schema:
    case ErrorCode::older_schema:
      return "; run `waybill migrate`";
    case ErrorCode::busy:
      return "; roll back and try again, or set a longer busy_timeout";
    case ErrorCode::read_only:
      return "; check the permissions of the file and of its directory";
    case ErrorCode::disk_full:
      return "; free space on the disk";
    case ErrorCode::corrupt:
      return "; restore the file from a backup";
    default:
      return "";
  }
}

}  // namespace

ErrorCode code_of_result(int result, std::string_view words) noexcept {
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorCode::busy;
    case SQLITE_READONLY:
      return ErrorCode::read_only;
    case SQLITE_FULL:
      return ErrorCode::disk_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::corrupt;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return ErrorCode::unreachable;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::unauthorized;
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return ErrorCode::invalid_argument;
    case SQLITE_INTERRUPT:
      return ErrorCode::timeout;
    case SQLITE_ERROR:
      return code_of_words(words);
    default:
      return ErrorCode::internal;
  }
}

Error statement_error(sqlite3* connection, std::string_view doing) {
  const std::string words = sqlite3_errmsg(connection);
  auto code = code_of_result(sqlite3_extended_errcode(connection), words);
  std::string text{doing};
  text += ": " + words;
  if (code == ErrorCode::unreachable) {
    const int system = sqlite3_system_errno(connection);
    code = code_of_system(system);
    if (code != ErrorCode::unreachable) text += ": " + std::generic_category().message(system);
  }
  return {code, text.append(remedy(code))};
}

}  // namespace waybill::sqlite
