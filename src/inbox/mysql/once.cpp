#include <optional>
#include <string_view>

#include "inbox/mark.hpp"
#include "inbox/mysql/statement.hpp"
#include "waybill/inbox_mysql.h"

namespace waybill::mysql {
namespace {

using inbox::mysql::query;
using inbox::mysql::run;
constexpr std::string_view doing = "can't mark in waybill_inbox";

Value or_null(const std::string& text) { return text.empty() ? Value{nullptr} : Value{text}; }
Value or_null(std::optional<std::int64_t> number) { return number ? Value{*number} : Value{nullptr}; }

struct Kept {
  std::string digest, message_id;
  std::int64_t marked_ms = 0;
};

// Locked, so that it is the latest that was committed, whatever the transaction's snapshot shows.
Result<std::optional<Kept>> find(st_mysql* connection, const Mark& mark) {
  auto rows = query(connection,
                    "SELECT digest, message_id, marked_ms FROM waybill_inbox WHERE consumer = ? AND unique_id = ? AND "
                    "fingerprint = ? LOCK IN SHARE MODE",
                    {mark.consumer, mark.unique_id, mark.fingerprint}, doing);
  if (!rows) return rows.error();
  if (!rows->there()) return std::optional<Kept>{};
  return std::optional{Kept{rows->text(0), rows->text(1), rows->number(2).value_or(0)}};
}

// Asked after the mark is made: a purge that lets go of this very mark has moved the bound before the insert went
// through.
Result<Once> fresh_unless_expired(st_mysql* connection, const Mark& mark, std::optional<std::int64_t> born) {
  if (!born) return Once::fresh;
  auto bound = query(connection, "SELECT before_ms FROM waybill_inbox_bound WHERE consumer = ? LOCK IN SHARE MODE",
                     {mark.consumer}, doing);
  if (!bound) return bound.error();
  if (!bound->there() || *born > bound->number(0).value_or(0)) return Once::fresh;
  auto undone = run(connection, "DELETE FROM waybill_inbox WHERE consumer = ? AND unique_id = ? AND fingerprint = ?",
                    {mark.consumer, mark.unique_id, mark.fingerprint}, doing);
  return undone ? Result<Once>{Once::expired} : Result<Once>{undone.error()};
}

Status keep_conflict(st_mysql* connection, const Mark& mark, const Kept& kept, std::optional<std::int64_t> born) {
  auto stored = run(connection,
                    "INSERT IGNORE INTO waybill_inbox_conflict (consumer, unique_id, fingerprint, kept_digest, "
                    "kept_message_id, kept_ms, digest, message_id, message_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    {mark.consumer, mark.unique_id, mark.fingerprint, kept.digest, or_null(kept.message_id),
                     kept.marked_ms, mark.digest, or_null(mark.message_id), or_null(born)},
                    "can't keep a conflict in waybill_inbox_conflict");
  return stored ? Status{} : Status{stored.error()};
}

}  // namespace

Result<Once> once(st_mysql* connection, const Mark& mark) {
  if (auto sound = inbox::check(mark); !sound) return std::move(sound).error();
  if (connection == nullptr) return Error{ErrorCode::invalid_argument, "once: the connection is null"};
  if (!inbox::mysql::in_transaction(connection)) {
    return Error{ErrorCode::refused,
                 "once: no transaction is open on this connection, so no effect is protected; begin one first"};
  }
  const auto born = inbox::born_ms(mark, inbox::mysql::now_ms());
  auto inserted = run(
      connection,
      "INSERT IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint, digest, message_id, "
      "message_ms) VALUES (?, ?, ?, ?, ?, ?)",
      {mark.consumer, mark.unique_id, mark.fingerprint, or_null(mark.digest), or_null(mark.message_id), or_null(born)},
      doing);
  if (!inserted) return inserted.error();
  if (*inserted > 0) return fresh_unless_expired(connection, mark, born);
  auto kept = find(connection, mark);
  if (!kept) return kept.error();
  if (!*kept) return Error{ErrorCode::busy, "once: the mark was let go of at this moment; roll back and try again"};
  const auto& digest = (*kept)->digest;
  if (digest.empty() || mark.digest.empty() || digest == mark.digest) return Once::duplicate;
  if (auto stored = keep_conflict(connection, mark, **kept, born); !stored) return stored.error();
  return Once::conflict;
}

}  // namespace waybill::mysql
