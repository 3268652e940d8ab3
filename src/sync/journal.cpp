#include "sync/journal.hpp"

#include <algorithm>

namespace waybill::sync {
namespace {

using redis::EntryId;

constexpr std::string_view reading = "can't read the journal";

JournalEntry read_entry(redis::Reply reply) {
  JournalEntry entry;
  entry.id = EntryId::parse(reply[0].bytes());
  const auto fields = reply[1];
  for (std::size_t at = 0; at + 1 < fields.size(); at += 2) {
    const auto name = fields[at].text();
    if (name == "apply") {
      entry.apply = fields[at + 1].text();
    } else if (name == "entity") {
      entry.entity = fields[at + 1].text();
    }
    entry.fields.emplace_back(name, fields[at + 1].text());
  }
  return entry;
}

redis::Command words_of(const std::string& command) {
  redis::Command words;
  for (std::size_t at = 0; at < command.size();) {
    const auto end = std::min(command.find(' ', at), command.size());
    if (end > at) words.push_back(command.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace

Result<Journal> Journal::open(const StoreConfig& store, const std::string& key) {
  auto connection = redis::Connection::open(store, key);
  if (!connection) return connection.error();
  return Journal{std::move(*connection), key};
}

Result<std::vector<JournalEntry>> Journal::after(EntryId position, std::uint32_t most) {
  auto found = connection_.run({"XRANGE", key_, "(" + position.str(), "+", "COUNT", std::to_string(most)}, reading);
  if (!found) return found.error();
  std::vector<JournalEntry> entries;
  entries.reserve((*found)->size());
  for (std::size_t at = 0; at < (*found)->size(); ++at) entries.push_back(read_entry((**found)[at]));
  return entries;
}

Status Journal::forget(EntryId position) {
  const EntryId next{position.ms, position.seq + 1};
  auto trimmed = connection_.run({"XTRIM", key_, "MINID", "=", next.str()}, "can't shorten the journal");
  return trimmed ? Status{} : Status{trimmed.error()};
}

Result<std::optional<EntryId>> Journal::catch_up(EntryId position) {
  if (position == EntryId{}) return std::optional<EntryId>{};
  EntryId last;
  if (auto info = connection_.run({"XINFO", "STREAM", key_}, reading)) {
    last = EntryId::parse((*info)->field("last-generated-id").bytes());
  } else if (info.error().message().find("no such key") == std::string::npos) {
    return info.error();
  }
  if (last >= position) return std::optional<EntryId>{};
  // A stream that is not there is made by an entry that goes again.
  constexpr std::string_view doing = "can't move the journal past what is applied";
  auto moved = connection_.run_all(
      {{"MULTI"}, {"XADD", key_, position.str(), "apply", ""}, {"XDEL", key_, position.str()}, {"EXEC"}}, doing);
  if (!moved) return moved.error();
  if (moved->back()->is_error()) return Error{ErrorCode::refused, std::string{doing} + ": " + moved->back()->text()};
  return std::optional{last};
}

Result<Journal::Backlog> Journal::backlog(EntryId position) {
  auto replies = connection_.run_all({{"XLEN", key_},
                                      {"XRANGE", key_, "(" + position.str(), "+", "COUNT", "1"},
                                      {"XRANGE", key_, "-", position.str(), "COUNT", "10000"},
                                      {"TIME"}},
                                     reading);
  if (!replies) return replies.error();
  Backlog backlog;
  const auto applied = static_cast<std::int64_t>((*replies)[2]->size());
  backlog.waiting = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (*replies)[0]->number() - applied));
  if ((*replies)[1]->size() > 0) {
    const auto oldest = EntryId::parse((*(*replies)[1])[0][0].bytes());
    const auto now_ms = (*(*replies)[3])[0].number() * 1000;
    backlog.lag_ms = std::max<std::int64_t>(0, now_ms - static_cast<std::int64_t>(oldest.ms));
  }
  return backlog;
}

Result<std::optional<std::string>> Journal::read(const std::string& command) {
  auto answer = connection_.run(words_of(command), "can't read '" + command + "'");
  if (!answer) return answer.error();
  if ((*answer)->is_nil()) return std::optional<std::string>{};
  return std::optional{(*answer)->is_integer() ? std::to_string((*answer)->number()) : (*answer)->text()};
}

}  // namespace waybill::sync
