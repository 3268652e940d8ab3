#include "inbox/postgresql/shard_map.hpp"

#include <cstdlib>

#include "core/text.hpp"

namespace waybill::inbox::postgresql {

const std::string& owner(const std::vector<std::string>& shards, std::string_view unique_id) {
  const auto weight = [&](const std::string& shard) { return sha256_hex(shard + "/" + std::string{unique_id}); };
  const std::string* best = &shards.front();
  auto greatest = weight(*best);
  for (std::size_t i = 1; i < shards.size(); ++i) {
    if (auto next = weight(shards[i]); next > greatest) {
      best = &shards[i];
      greatest = std::move(next);
    }
  }
  return *best;
}

Result<ShardView> view(PGconn* connection) {
  auto rows = query(connection,
                    "SELECT s.last_value, m.shards, m.own, coalesce(m.former, '{}'), m.since IS NOT NULL "
                    "FROM waybill.shard_state s LEFT JOIN waybill.shard_map m ON m.version = s.last_value",
                    {}, "can't read waybill.shard_map");
  if (!rows) return std::move(rows).error();
  ShardView view;
  view.map.version = std::strtoull(PQgetvalue(rows->get(), 0, 0), nullptr, 10);
  if (view.map.version == 0) return view;
  view.map.shards = names_in(text(*rows, 0, 1));
  view.own = text(*rows, 0, 2);
  view.former = names_in(text(*rows, 0, 3));
  view.bounded = text(*rows, 0, 4) == "t";
  if (view.map.shards.empty()) {
    return Error{ErrorCode::corrupt, "waybill.shard_map has no shards in version " + std::to_string(view.map.version)};
  }
  return view;
}

std::string array_of(const std::vector<std::string>& names) {
  std::string array = "{";
  for (const auto& name : names) array += (array.size() > 1 ? ",\"" : "\"") + name + "\"";
  return array + "}";
}

std::vector<std::string> names_in(std::string_view array) {
  std::vector<std::string> names;
  std::string name;
  for (const char c : array) {
    if (c == '{' || c == '"') continue;
    if (c != ',' && c != '}') {
      name += c;
    } else if (!name.empty()) {
      names.push_back(std::move(name));
      name.clear();
    }
  }
  return names;
}

}  // namespace waybill::inbox::postgresql
