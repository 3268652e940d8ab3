#include "admin/config_schema.hpp"

#include <string>
#include <string_view>

#include "core/config_shape.hpp"

namespace waybill::admin {
namespace {

using Kind = KeyShape::Kind;

// A text may hold references, which are resolved before it is read.
constexpr const char* duration_pattern = R"(^([0-9]+(ms|s|m|h|d)|.*\$\{.*)$)";
constexpr const char* size_pattern = "^[0-9]+(B|KiB|MiB|GiB)?$";
constexpr const char* name_pattern = "^[A-Za-z0-9_-]{1,64}$";

Json table_of(Json values) { return {{"type", "object"}, {"additionalProperties", std::move(values)}}; }

Json type_of(const KeyShape& key) {
  switch (key.kind) {
    case Kind::text:
    case Kind::secret:
      return {{"type", "string"}};
    case Kind::texts:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case Kind::named_texts:
      return table_of({{"type", "string"}});
    case Kind::properties:
      return table_of({{"type", {"string", "integer", "boolean", "object"}}});
    case Kind::flag:
      return {{"type", "boolean"}};
    case Kind::duration:
      return {{"type", "string"}, {"pattern", duration_pattern}};
    case Kind::count:
      return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}};
    case Kind::size:
      return {{"anyOf", {{{"type", "integer"}}, {{"type", "string"}, {"pattern", size_pattern}}}}};
    case Kind::moment:
      return {{"type", "string"}, {"format", "date-time"}};
    case Kind::choice:
      return {{"enum", key.words}};
    case Kind::table:
      break;
  }
  return {{"type", "object"}};
}

Json usual_of(const KeyShape& key) {
  if (key.kind == Kind::count || key.kind == Kind::size) return std::stoull(key.usual);
  return key.usual;
}

Json key_json(const KeyShape& key) {
  auto json = type_of(key);
  if (!key.usual.empty()) json["default"] = usual_of(key);
  const std::string kept =
      key.kind == Kind::secret ? "May be kept elsewhere: file:PATH, or ${NAME} of the environment. " : "";
  if (const auto text = kept + key.example; !text.empty()) json["description"] = text;
  return json;
}

Json empty_table() { return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}}; }

/// The table of that name, made with all that it stands in: `http.token.NAME` is one for any name in `token` in `http`.
Json& place_of(Json& root, std::string_view name) {
  Json* table = &root;
  while (!name.empty()) {
    const auto dot = name.find('.');
    const std::string part{name.substr(0, dot)};
    name.remove_prefix(dot == std::string_view::npos ? name.size() : dot + 1);
    if (part == "NAME") {
      (*table)["propertyNames"] = {{"pattern", name_pattern}};
      table = &(*table)["additionalProperties"];
    } else {
      table = &(*table)["properties"][part];
    }
    if (!table->contains("properties")) *table = empty_table();
  }
  return *table;
}

void add(const SectionShape& section, Json& root) {
  Json& table = place_of(root, section.name);
  for (const auto& key : section.keys) {
    auto& place = table["properties"][key.name];
    if (place.is_null()) place = key_json(key);  // else a section that was read before
    if (!key.example.empty()) table["required"].push_back(key.name);
  }
}

}  // namespace

Json config_schema() {
  Json root{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "waybill.toml"}};
  root.update(empty_table());
  for (const auto& section : config_shape()) add(section, root);
  Json& routes = root["properties"]["route"];
  routes = {{"type", "array"}, {"items", Json(routes)}};
  return root;
}

}  // namespace waybill::admin
