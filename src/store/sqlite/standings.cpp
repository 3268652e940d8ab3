// How very many messages stand, for the audit.

#include <string>
#include <unordered_map>

#include "store/sqlite/store.hpp"

namespace waybill::sqlite {
namespace {

using store::Standing;
using Standings = std::unordered_map<std::string, Standing>;

constexpr std::string_view looking = "can't look for messages";

std::string placeholders(std::size_t count) {
  std::string text;
  for (std::size_t n = 0; n < count; ++n) text += n == 0 ? "?" : ",?";
  return text;
}

Status read(Connection& connection, const std::string& sql, std::span<const MessageId> ids, Standings& found) {
  auto rows = connection.prepare(sql, looking);
  if (!rows) return rows.error();
  for (std::size_t n = 0; n < ids.size(); ++n) rows->bind(static_cast<int>(n) + 1, std::string_view{ids[n].str()});
  while (true) {
    auto there = rows->step(looking);
    if (!there) return there.error();
    if (!*there) return {};
    const auto state = rows->text(1);
    found[rows->text(0)] = state == "failed"    ? Standing::failed
                           : state == "dropped" ? Standing::dropped
                                                : Standing::sending;
  }
}

}  // namespace

Result<std::vector<Standing>> SqliteStore::standings(std::span<const MessageId> ids) {
  const std::lock_guard lock{mutex_};
  auto open = connection();
  if (!open) return open.error();
  auto& connection = **open;
  const auto wanted = "(" + placeholders(ids.size()) + ")";
  Standings found;
  // One snapshot: a message on its way from one table to the other is in exactly one of them.
  if (auto begun = connection.run("BEGIN", looking); !begun) return begun.error();
  auto done = read(connection, "SELECT id, state FROM waybill_retry WHERE id IN " + wanted, ids, found);
  if (done) done = read(connection, "SELECT id, 'sending' FROM waybill_outbox WHERE id IN " + wanted, ids, found);
  if (auto ended = connection.run("COMMIT", looking); !ended && done) done = ended;
  if (!done) return done.error();
  std::vector<Standing> standings;
  for (const auto& id : ids) {
    const auto one = found.find(id.str());
    standings.push_back(one == found.end() ? Standing::gone : one->second);
  }
  return standings;
}

}  // namespace waybill::sqlite
