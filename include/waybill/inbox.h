#pragma once

/// \file
/// What a consumer has already done: the values of the guards `once` and `version`. Compiles as C++17, 20 and 23.
/// The functions are in `inbox_postgresql.h` and `inbox_sqlite.h`, on the caller's own connection and transaction.

#include <cstdint>
#include <string>
#include <string_view>

#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill {

/// What the guard `once` found.
enum class Once {
  fresh,      ///< `new`: not seen before; do the effect now, in this transaction
  duplicate,  ///< done before: skip the effect, commit, acknowledge
  conflict,   ///< same unique ID and fingerprint, other content: skip the effect; both versions are kept for a person
  expired,    ///< older than the oldest kept mark: can't be told from a duplicate; skip, and tell a person
};
std::string_view to_string(Once result) noexcept;  ///< `new duplicate conflict expired`

/// One operation on one thing, as the guard `once` tells them apart.
struct Mark {
  std::string consumer;     ///< who does the effect, for example `inventory`; 1..255 bytes
  std::string unique_id;    ///< the business key the effect is about, for example a product; 1..255 bytes
  std::string fingerprint;  ///< the code of one operation on it, for example order number and line; 1..255 bytes
  std::string digest;       ///< of the content, see content_digest(); empty: conflicts are not looked for
  std::string message_id;   ///< optional; a UUIDv7 here tells how old the message is
  std::int64_t persisted_at_ms = 0;  ///< optional; how old the message is when its id does not tell (Unix ms)

  /// By default the unique ID is the message's key (its id when it has none), the fingerprint its id, and the digest
  /// that of its payload.
  static Mark of(std::string consumer, const Message& message);
};

/// A digest of a payload: lower-case hex SHA-256, so that any language can make the same one.
std::string content_digest(std::string_view payload);

/// What the guard `version` found.
enum class Version {
  applied,  ///< the row still had the version, and the effect changed it
  stale,    ///< the row has moved on (or is gone): nothing was changed
};
std::string_view to_string(Version result) noexcept;

/// The row that the guard `version` is about. `table` (`schema.table` too), `id_column` and `version_column` are names
/// as the database stores them, checked against [A-Za-z_][A-Za-z0-9_]*; `id` is a bound value of the column's own type.
struct VersionedRow {
  std::string table;
  std::string id_column = "id";
  std::string version_column = "version";
  std::string id;
  std::int64_t expected = 0;  ///< the version that the message was made for
};

}  // namespace waybill
