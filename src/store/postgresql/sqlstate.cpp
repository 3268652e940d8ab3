#include "store/postgresql/sqlstate.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/text.hpp"

namespace waybill::postgresql {
namespace {

struct Meaning {
  std::string_view prefix;
  ErrorCode code;
};

// The first prefix that fits wins, so whole states stand before their class.
constexpr auto meanings = std::to_array<Meaning>({
    {"08", ErrorCode::unreachable},
    {"0A", ErrorCode::unsupported},
    {"22", ErrorCode::invalid_argument},
    {"23", ErrorCode::invalid_argument},
    {"25006", ErrorCode::read_only},
    {"25", ErrorCode::refused},
    {"28", ErrorCode::unauthorized},
    {"3D000", ErrorCode::not_found},
    {"3F000", ErrorCode::missing_schema},
    {"40003", ErrorCode::in_doubt},
    {"40", ErrorCode::busy},
    {"42501", ErrorCode::unauthorized},
    {"42P01", ErrorCode::missing_schema},
    {"42883", ErrorCode::missing_schema},
    {"42703", ErrorCode::older_schema},
    {"53100", ErrorCode::disk_full},
    {"53", ErrorCode::busy},
    {"54", ErrorCode::invalid_argument},
    {"55P03", ErrorCode::busy},
    {"55006", ErrorCode::busy},
    {"55", ErrorCode::refused},
    {"57014", ErrorCode::timeout},
    {"57P", ErrorCode::unreachable},
    {"58", ErrorCode::unreachable},
    {"P0001", ErrorCode::refused},
    {"XX001", ErrorCode::corrupt},
    {"XX002", ErrorCode::corrupt},
});

std::string_view remedy(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::missing_schema:
    case ErrorCode::older_schema:
      return "; run `waybill migrate`";
    case ErrorCode::unauthorized:
      return "; grant the role what it needs (see `waybill migrate --print`) or correct the credentials";
    case ErrorCode::read_only:
      return "; connect to the primary, in a transaction that may write";
    case ErrorCode::disk_full:
      return "; free space on the server's disk";
    case ErrorCode::busy:
      return "; roll back and try again";
    default:
      return "";
  }
}

std::string first_line(const char* text) {
  std::string line = text == nullptr ? "" : text;
  line.erase(std::find(line.begin(), line.end(), '\n'), line.end());
  return line;
}

std::string words_of(pg_conn* connection, const pg_result* result) {
  const char* primary = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  auto words = first_line(primary != nullptr ? primary : PQerrorMessage(connection));
  return words.empty() ? "no answer" : words;
}

/// `did you mean 'sslmode'?`, when the words are those of a parameter that libpq does not know.
std::string guess(std::string_view words) {
  constexpr std::string_view before = "invalid URI query parameter: \"";
  if (!words.starts_with(before)) return "";
  words.remove_prefix(before.size());
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> known(PQconndefaults(), &PQconninfoFree);
  std::vector<std::string_view> names;
  for (const auto* option = known.get(); option != nullptr && option->keyword != nullptr; ++option) {
    names.emplace_back(option->keyword);
  }
  const auto meant = nearest(words.substr(0, words.find('"')), names);
  return meant ? " (did you mean '" + *meant + "'?)" : "";
}

ErrorCode code_of_refusal(std::string_view words) noexcept {
  const auto says = [&](std::string_view part) { return words.find(part) != std::string_view::npos; };
  // libpq's own words of a parameter or its value, before it connects; what happens then begins with the server's name.
  if (words.starts_with("invalid ")) return ErrorCode::invalid_configuration;
  if (says("authentication failed") || says("no pg_hba.conf entry") || says("no password supplied") ||
      says("permission denied for database") || says("role \"")) {
    return ErrorCode::unauthorized;
  }
  if (says("database \"") && says("does not exist")) return ErrorCode::not_found;
  if (says("too many clients") || says("too many connections") || says("remaining connection slots")) {
    return ErrorCode::busy;
  }
  return ErrorCode::unreachable;
}

}  // namespace

ErrorCode code_of_sqlstate(std::string_view sqlstate) noexcept {
  for (const auto& meaning : meanings) {
    if (sqlstate.substr(0, meaning.prefix.size()) == meaning.prefix) return meaning.code;
  }
  return ErrorCode::internal;
}

Error statement_error(pg_conn* connection, const pg_result* result, std::string_view doing) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  auto code = ErrorCode::internal;
  if (state != nullptr) {
    code = code_of_sqlstate(state);
  } else if (PQstatus(connection) != CONNECTION_OK) {
    code = ErrorCode::unreachable;
  }
  std::string text{doing};
  text += ": " + words_of(connection, result);
  if (state != nullptr) text += " (SQLSTATE " + std::string{state} + ")";
  return {code, text.append(remedy(code))};
}

Error connect_error(pg_conn* connection, std::string_view where) {
  const auto words = words_of(connection, nullptr);
  const auto code = code_of_refusal(words);
  return {code, "can't connect to " + std::string{where} + ": " + words + guess(words)};
}

}  // namespace waybill::postgresql
