#include "store/mysql/mysql_error.hpp"

#include <array>
#include <string>

namespace waybill::mysql {
namespace {

struct Meaning {
  unsigned number;
  ErrorCode code;
};

// From the server's list of error codes (1000 and above) and the client library's (2000 and above).
constexpr auto meanings = std::to_array<Meaning>({
    {1021, ErrorCode::disk_full},         // ER_DISK_FULL
    {1114, ErrorCode::disk_full},         // ER_RECORD_FILE_FULL
    {1044, ErrorCode::unauthorized},      // ER_DBACCESS_DENIED_ERROR
    {1045, ErrorCode::unauthorized},      // ER_ACCESS_DENIED_ERROR
    {1142, ErrorCode::unauthorized},      // ER_TABLEACCESS_DENIED_ERROR
    {1143, ErrorCode::unauthorized},      // ER_COLUMNACCESS_DENIED_ERROR
    {1227, ErrorCode::unauthorized},      // ER_SPECIFIC_ACCESS_DENIED_ERROR
    {1049, ErrorCode::not_found},         // ER_BAD_DB_ERROR
    {1146, ErrorCode::missing_schema},    // ER_NO_SUCH_TABLE
    {1054, ErrorCode::older_schema},      // ER_BAD_FIELD_ERROR
    {1205, ErrorCode::busy},              // ER_LOCK_WAIT_TIMEOUT
    {1213, ErrorCode::busy},              // ER_LOCK_DEADLOCK
    {1040, ErrorCode::busy},              // ER_CON_COUNT_ERROR
    {1203, ErrorCode::busy},              // ER_TOO_MANY_USER_CONNECTIONS
    {1290, ErrorCode::read_only},         // ER_OPTION_PREVENTS_STATEMENT
    {1792, ErrorCode::read_only},         // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    {1836, ErrorCode::read_only},         // ER_READ_ONLY_MODE
    {1153, ErrorCode::invalid_argument},  // ER_NET_PACKET_TOO_LARGE
    {1366, ErrorCode::invalid_argument},  // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
    {1406, ErrorCode::invalid_argument},  // ER_DATA_TOO_LONG
    {1062, ErrorCode::invalid_argument},  // ER_DUP_ENTRY
    {1048, ErrorCode::invalid_argument},  // ER_BAD_NULL_ERROR
    {1264, ErrorCode::invalid_argument},  // ER_WARN_DATA_OUT_OF_RANGE
    {1265, ErrorCode::invalid_argument},  // WARN_DATA_TRUNCATED
    {1292, ErrorCode::invalid_argument},  // ER_TRUNCATED_WRONG_VALUE
    {1300, ErrorCode::invalid_argument},  // ER_INVALID_CHARACTER_STRING
    {1365, ErrorCode::invalid_argument},  // ER_DIVISION_BY_ZERO
    {1451, ErrorCode::invalid_argument},  // ER_ROW_IS_REFERENCED_2
    {1452, ErrorCode::invalid_argument},  // ER_NO_REFERENCED_ROW_2
    {1690, ErrorCode::invalid_argument},  // ER_DATA_OUT_OF_RANGE
    {3819, ErrorCode::invalid_argument},  // ER_CHECK_CONSTRAINT_VIOLATED, MySQL
    {4025, ErrorCode::invalid_argument},  // ER_CONSTRAINT_FAILED, MariaDB
    {1644, ErrorCode::refused},           // ER_SIGNAL_EXCEPTION
    {1969, ErrorCode::timeout},           // ER_STATEMENT_TIMEOUT
    {1053, ErrorCode::unreachable},       // ER_SERVER_SHUTDOWN
    {1317, ErrorCode::unreachable},       // ER_QUERY_INTERRUPTED
    {1927, ErrorCode::unreachable},       // ER_CONNECTION_KILLED
});

std::string_view remedy(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::missing_schema:
    case ErrorCode::older_schema:
      return "; run `waybill migrate`";
    case ErrorCode::unauthorized:
      return "; grant the user what it needs (see `waybill migrate --print`) or correct the credentials";
    case ErrorCode::read_only:
      return "; connect to the primary";
    case ErrorCode::disk_full:
      return "; free space on the server's disk";
    case ErrorCode::busy:
      return "; try again";
    default:
      return "";
  }
}

}  // namespace

ErrorCode code_of(unsigned number) noexcept {
  for (const auto& meaning : meanings) {
    if (meaning.number == number) return meaning.code;
  }
  return number >= 2000 && number < 3000 ? ErrorCode::unreachable : ErrorCode::internal;
}

bool ends_connection(unsigned number) noexcept {
  return (number >= 2000 && number < 3000) || number == 1053 || number == 1927;
}

Error error_of(unsigned number, std::string_view words, std::string_view doing) {
  const auto code = code_of(number);
  std::string text{doing};
  text.append(": ").append(words).append(" (error ").append(std::to_string(number)).append(")").append(remedy(code));
  return {code, std::move(text)};
}

}  // namespace waybill::mysql
