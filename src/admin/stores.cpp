#include "admin/stores.hpp"

#include "core/text.hpp"

namespace waybill::admin {
namespace {

std::vector<std::string_view> names_of(const Config& config) {
  std::vector<std::string_view> names;
  for (const auto& store : config.stores) names.push_back(store.name);
  return names;
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

Result<const StoreConfig*> choose_store(const Config& config, const std::string& name) {
  const auto names = names_of(config);
  if (names.empty()) {
    return Error(ErrorCode::invalid_configuration, config.file + ": no [store.NAME] is configured");
  }
  if (name.empty()) {
    if (names.size() == 1) return &config.stores.front();
    return Error(ErrorCode::invalid_argument,
                 "several stores are configured: choose one by --store (" + joined(names) + ")");
  }
  if (const auto* found = config.store(name)) return found;
  std::string text = "no store is named '" + name + "' in " + config.file + " (there is " + joined(names) + ")";
  if (const auto close = nearest(name, names)) text += ": did you mean '" + *close + "'?";
  return Error(ErrorCode::invalid_argument, text);
}

Result<std::unique_ptr<store::Store>> open_chosen_store(const Config& config, const std::string& name) {
  auto chosen = choose_store(config, name);
  if (!chosen) return chosen.error();
  return store::open_store(**chosen);
}

Result<std::vector<std::unique_ptr<store::Store>>> open_stores(const Config& config, const std::string& name) {
  std::vector<std::unique_ptr<store::Store>> stores;
  if (!name.empty() || config.stores.empty()) {
    auto one = open_chosen_store(config, name);
    if (!one) return one.error();
    stores.push_back(std::move(*one));
    return stores;
  }
  for (const auto& store : config.stores) {
    auto opened = store::open_store(store);
    if (!opened) return opened.error();
    stores.push_back(std::move(*opened));
  }
  return stores;
}

Status require_schema(store::Store& store) {
  auto state = store.schema();
  if (!state) return state.error();
  const std::string subject = "store '" + store.config().name + "' (" + store.config().url.masked() + ")";
  switch (*state) {
    case store::SchemaState::current:
      return {};
    case store::SchemaState::missing:
      return Error(ErrorCode::missing_schema, subject + " has no Waybill tables: run `waybill migrate`");
    case store::SchemaState::older:
      return Error(ErrorCode::older_schema, subject + " has tables of an older Waybill: run `waybill migrate`");
    case store::SchemaState::newer:
      return Error(ErrorCode::newer_schema, subject + " has tables of a newer Waybill: upgrade this program");
  }
  return Error(ErrorCode::internal, subject + ": unknown schema state");
}

}  // namespace waybill::admin
