#include "admin/adoption.hpp"

#include <algorithm>
#include <map>

#include "core/url.hpp"
#include "sync/database.hpp"

namespace waybill::admin {
namespace {

enum class Kind { postgresql, mysql, sqlite };

Result<Kind> kind_of(const StoreConfig& store) {
  const auto url = parse_url(store.url.reveal());
  if (!url) return url.error();
  if (url->scheme == "postgresql" || url->scheme == "postgres") return Kind::postgresql;
  if (url->scheme == "mysql" || url->scheme == "mariadb") return Kind::mysql;
  if (url->scheme == "sqlite") return Kind::sqlite;
  return Error(ErrorCode::unsupported, "store '" + store.name + "' (" + url->scheme + ") has no tables to adopt");
}

std::string doubled(const std::string& text, char quote) {
  std::string out;
  for (const char c : text) out += c == quote ? std::string(2, quote) : std::string(1, c);
  return out;
}

/// Writes names and values as one kind of database reads them.
struct Writer {
  Kind kind;

  std::string name(const std::string& text) const {
    const char quote = kind == Kind::mysql ? '`' : '"';
    return quote + doubled(text, quote) + quote;
  }
  /// `app.outbox` is a table in a schema.
  std::string table(const std::string& text) const {
    const auto dot = text.find('.');
    return dot == std::string::npos ? name(text) : name(text.substr(0, dot)) + "." + name(text.substr(dot + 1));
  }
  std::string value(const std::string& text) const {
    const auto quoted = "'" + doubled(text, '\'') + "'";
    return kind == Kind::mysql ? "CONVERT(" + quoted + " USING utf8mb4)" : quoted;
  }
  std::string trigger(const std::string& text) const {
    auto plain = "waybill_adopt_" + text;
    std::ranges::replace(plain, '.', '_');
    return name(plain);
  }
  std::string column(const std::string& text) const { return "NEW." + name(text); }
  std::string text_of(const std::string& text) const {
    if (kind == Kind::mysql) return "CONVERT(" + column(text) + " USING utf8mb4)";
    return "CAST(" + column(text) + " AS text)";
  }
};

using Columns = std::map<std::string, std::string>;  // name -> type, in lower case

bool is_binary(const std::string& type) {
  return type == "bytea" || type.find("blob") != std::string::npos || type.find("binary") != std::string::npos;
}

Result<Columns> columns_of(const StoreConfig& store, Kind kind, const std::string& table) {
  if (kind != Kind::postgresql && table.find('.') != std::string::npos) {
    return Error(ErrorCode::invalid_argument,
                 "table '" + table + "' must be named without its database: it has to be that of the store");
  }
  auto database = sync::open_database(store);
  if (!database) return database.error();
  const auto dot = table.find('.');
  const sync::Fields fields{{"schema", dot == std::string::npos ? "" : table.substr(0, dot)},
                            {"table", dot == std::string::npos ? table : table.substr(dot + 1)}};
  const std::string here = kind == Kind::mysql ? "DATABASE()" : "ANY(current_schemas(false))";
  const std::string sql =
      kind == Kind::sqlite
          ? "SELECT name, lower(type) FROM pragma_table_info(:table)"
          : "SELECT column_name, lower(data_type) FROM information_schema.columns WHERE table_name = :table AND "
            "((:schema = '' AND table_schema = " +
                here + ") OR table_schema = :schema)";
  auto rows = (*database)->run(sql, fields);
  if (!rows) return rows.error();
  if (rows->empty()) return Error(ErrorCode::not_found, "there is no table '" + table + "' that this user can see");
  Columns columns;
  for (const auto& row : *rows) columns[row[0].value_or("")] = row[1].value_or("");
  return columns;
}

Status check_columns(const Adoption& adoption, const Columns& columns) {
  std::vector<std::string> needed{adoption.payload};
  for (const auto& column : {adoption.id, adoption.topic, adoption.key}) {
    if (!column.empty()) needed.push_back(column);
  }
  for (const auto& [header, column] : adoption.headers) needed.push_back(column);
  for (const auto& column : needed) {
    if (columns.contains(column)) continue;
    std::string present;
    for (const auto& [name, type] : columns) present += (present.empty() ? "" : ", ") + name;
    return Error(ErrorCode::invalid_argument,
                 "table '" + adoption.table + "' has no column '" + column + "'; it has " + present);
  }
  return {};
}

std::string payload_of(const Writer& writer, const Adoption& adoption, const Columns& columns) {
  const auto column = writer.column(adoption.payload);
  const bool binary = is_binary(columns.at(adoption.payload));
  // A payload that is missing must not end the service's transaction.
  switch (writer.kind) {
    case Kind::postgresql:
      return binary ? "coalesce(" + column + ", '')"
                    : "convert_to(coalesce(" + writer.text_of(adoption.payload) + ", ''), 'UTF8')";
    case Kind::mysql:
      return "COALESCE(" + (binary ? column : writer.text_of(adoption.payload)) + ", '')";
    case Kind::sqlite:
      return "coalesce(" + column + ", '')";
  }
  return {};
}

std::string id_of(const Writer& writer, const Adoption& adoption, const Columns& columns) {
  const bool is_bytes = writer.kind == Kind::mysql && is_binary(columns.at(adoption.id));
  return is_bytes ? "LOWER(HEX(" + writer.column(adoption.id) + "))" : writer.text_of(adoption.id);
}

std::string headers_of(const Writer& writer, const Adoption& adoption) {
  std::string pairs;
  for (const auto& [header, column] : adoption.headers) {
    pairs += (pairs.empty() ? "" : ", ") + writer.value(header) + ", coalesce(" + writer.text_of(column) + ", '')";
  }
  return (writer.kind == Kind::postgresql ? "json_build_object(" : "json_object(") + pairs + ")";
}

/// The INSERT that the trigger does for each row.
std::string copy(const Writer& writer, const Adoption& adoption, const Columns& columns) {
  std::string names = "topic, payload";
  std::string values = adoption.topic.empty() ? writer.value(adoption.fixed_topic)
                                              : "coalesce(" + writer.text_of(adoption.topic) + ", '')";
  values += ", " + payload_of(writer, adoption, columns);
  const auto add = [&](const std::string& name, const std::string& value) {
    names += ", " + name;
    values += ", " + value;
  };
  if (!adoption.id.empty()) add("id", id_of(writer, adoption, columns));
  if (!adoption.key.empty()) add(writer.name("key"), writer.text_of(adoption.key));
  if (!adoption.headers.empty()) add("headers", headers_of(writer, adoption));
  if (!adoption.content_type.empty()) add("content_type", writer.value(adoption.content_type));
  const std::string outbox = writer.kind == Kind::postgresql ? "waybill.outbox" : "waybill_outbox";
  return "INSERT INTO " + outbox + " (" + names + ") VALUES (" + values + ")";
}

std::string function_of(const Writer& writer, const std::string& table) { return "waybill." + writer.trigger(table); }

std::string drop_trigger(const Writer& writer, const std::string& table) {
  const auto drop = "DROP TRIGGER IF EXISTS " + writer.trigger(table);
  return writer.kind == Kind::postgresql ? drop + " ON " + writer.table(table) : drop;
}

}  // namespace

Adoption debezium_layout(const std::string& table) {
  Adoption adoption;
  adoption.table = table;
  adoption.id = "id";
  adoption.topic = "aggregatetype";
  adoption.key = "aggregateid";
  adoption.payload = "payload";
  adoption.headers = {{"eventType", "type"}};
  adoption.content_type = "application/json";
  return adoption;
}

Result<std::vector<std::string>> adoption_statements(const StoreConfig& store, const Adoption& adoption) {
  const auto kind = kind_of(store);
  if (!kind) return kind.error();
  const auto columns = columns_of(store, *kind, adoption.table);
  if (!columns) return columns.error();
  if (auto fine = check_columns(adoption, *columns); !fine) return fine.error();
  const Writer writer{*kind};
  const auto insert = copy(writer, adoption, *columns);
  const auto create = "CREATE TRIGGER " + writer.trigger(adoption.table) + " AFTER INSERT ON " +
                      writer.table(adoption.table) + " FOR EACH ROW ";
  switch (*kind) {
    case Kind::postgresql: {
      const auto function = function_of(writer, adoption.table);
      // By the rights of who installs it: the services need none on Waybill's tables.
      return std::vector{"CREATE OR REPLACE FUNCTION " + function +
                             "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, "
                             "pg_temp AS $waybill$ BEGIN " +
                             insert + "; RETURN NULL; END $waybill$",
                         drop_trigger(writer, adoption.table), create + "EXECUTE FUNCTION " + function + "()"};
    }
    case Kind::mysql:
      return std::vector{drop_trigger(writer, adoption.table), create + insert};
    case Kind::sqlite:
      return std::vector{drop_trigger(writer, adoption.table), create + "BEGIN " + insert + "; END"};
  }
  return Error(ErrorCode::internal, "unknown kind of store");
}

Result<std::vector<std::string>> removal_statements(const StoreConfig& store, const std::string& table) {
  const auto kind = kind_of(store);
  if (!kind) return kind.error();
  if (auto columns = columns_of(store, *kind, table); !columns) return columns.error();
  const Writer writer{*kind};
  std::vector<std::string> statements{drop_trigger(writer, table)};
  if (*kind == Kind::postgresql) {
    statements.push_back("DROP FUNCTION IF EXISTS " + function_of(writer, table) + "()");
  }
  return statements;
}

Status run_statements(const StoreConfig& store, const std::vector<std::string>& statements) {
  auto database = sync::open_database(store);
  if (!database) return database.error();
  if (auto begun = (*database)->begin(); !begun) return begun;
  for (const auto& statement : statements) {
    if (auto done = (*database)->define(statement); !done) {
      (*database)->rollback();
      return done.error();
    }
  }
  return (*database)->commit();
}

}  // namespace waybill::admin
