#include <sqlite3.h>

#include <optional>
#include <string_view>

#include "inbox/mark.hpp"
#include "inbox/sqlite/statement.hpp"
#include "waybill/inbox_sqlite.h"

namespace waybill::sqlite {
namespace {

using inbox::sqlite::Statement;
constexpr std::string_view doing = "can't mark in waybill_inbox";

struct Kept {
  std::string digest;
  std::string message_id;
  std::int64_t marked_ms = 0;
};

Result<bool> insert(sqlite3* connection, const Mark& mark, std::optional<std::int64_t> born) {
  Statement statement(connection,
                      "INSERT OR IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint, digest, message_id, "
                      "message_ms) VALUES (?, ?, ?, ?, ?, ?)",
                      doing);
  statement.bind(mark.consumer).bind(mark.unique_id).bind(mark.fingerprint);
  statement.bind_or_null(mark.digest).bind_or_null(mark.message_id).bind_or_null(born);
  if (auto done = statement.step(); !done) return std::move(done).error();
  return sqlite3_changes(connection) > 0;
}

Result<std::optional<Kept>> find(sqlite3* connection, const Mark& mark) {
  Statement statement(connection,
                      "SELECT digest, message_id, marked_ms FROM waybill_inbox "
                      "WHERE consumer = ? AND unique_id = ? AND fingerprint = ?",
                      doing);
  statement.bind(mark.consumer).bind(mark.unique_id).bind(mark.fingerprint);
  auto row = statement.step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<Kept>{};
  return std::optional{Kept{statement.text(0), statement.text(1), statement.number(2).value_or(0)}};
}

Status keep_conflict(sqlite3* connection, const Mark& mark, const Kept& kept, std::optional<std::int64_t> born) {
  Statement statement(connection,
                      "INSERT OR IGNORE INTO waybill_inbox_conflict (consumer, unique_id, fingerprint, kept_digest, "
                      "kept_message_id, kept_ms, digest, message_id, message_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "can't keep a conflict in waybill_inbox_conflict");
  statement.bind(mark.consumer).bind(mark.unique_id).bind(mark.fingerprint);
  statement.bind(kept.digest).bind_or_null(kept.message_id).bind(kept.marked_ms);
  statement.bind(mark.digest).bind_or_null(mark.message_id).bind_or_null(born);
  if (auto done = statement.step(); !done) return std::move(done).error();
  return {};
}

}  // namespace

Result<Once> once(sqlite3* connection, const Mark& mark) {
  if (auto sound = inbox::check(mark); !sound) return std::move(sound).error();
  if (sqlite3_get_autocommit(connection) != 0) {
    return Error{ErrorCode::refused,
                 "once: no transaction is open on this connection, so no effect is protected; begin one first"};
  }
  const auto born = inbox::born_ms(mark, inbox::sqlite::now_ms());
  auto inserted = insert(connection, mark, born);
  if (!inserted) return std::move(inserted).error();
  if (*inserted) return Once::fresh;
  auto kept = find(connection, mark);
  if (!kept) return std::move(kept).error();
  if (!*kept) return Once::expired;
  const auto& digest = (*kept)->digest;
  if (digest.empty() || mark.digest.empty() || digest == mark.digest) return Once::duplicate;
  if (auto stored = keep_conflict(connection, mark, **kept, born); !stored) return std::move(stored).error();
  return Once::conflict;
}

}  // namespace waybill::sqlite
