#include "sync/database.hpp"

#include <algorithm>

namespace waybill::sync {
namespace {

bool is_name_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Behind the closing quote of the text that starts here.
std::size_t skip_quoted(std::string_view sql, std::size_t at, bool backslash_escapes) {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (sql[at] == quote) return at + 1;
    if (sql[at] == '\\' && backslash_escapes && quote != '`') ++at;
  }
  return sql.size();
}

}  // namespace

Result<Bound> bind_fields(std::string_view sql, const Fields& fields, const Placeholder& placeholder, Dialect dialect) {
  Bound bound;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t end = at + 1;
    if (dialect.quotes.find(sql[at]) != std::string_view::npos) {
      end = skip_quoted(sql, at, dialect.backslash_escapes);
    } else if (sql[at] == ';' && sql.find_first_not_of(" \t\r\n;", at) != std::string_view::npos) {
      return Error{ErrorCode::invalid_configuration,
                   "one statement for each kind of entry, and nothing behind its ';': " + std::string{sql}};
    } else if (sql.substr(at, 2) == "::") {
      end = at + 2;
    } else if (sql[at] == ':' && end < sql.size() && is_name_part(sql[end])) {
      while (end < sql.size() && is_name_part(sql[end])) ++end;
      const auto name = sql.substr(at + 1, end - at - 1);
      const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& one) { return one.first == name; });
      if (field == fields.end()) {
        return Error{ErrorCode::invalid_argument, "the entry has no field '" + std::string{name} + "'"};
      }
      bound.values.push_back(field->second);
      bound.sql += placeholder(bound.values.size(), field->second);
      at = end;
      continue;
    }
    bound.sql += sql.substr(at, end - at);
    at = end;
  }
  return bound;
}

Result<std::unique_ptr<Database>> open_database(const StoreConfig& store) {
  const auto& url = store.url.reveal();
  if (url.starts_with("postgres")) return open_postgresql(store);
  if (url.starts_with("sqlite:")) return open_sqlite(store);
  if (url.starts_with("mysql:") || url.starts_with("mariadb:")) return open_mysql(store);
  return Error{ErrorCode::unsupported, "store '" + store.name + "': a journal is applied to an SQL store"};
}

}  // namespace waybill::sync
