#ifndef WAYBILL_WAYBILL_H
#define WAYBILL_WAYBILL_H

/**
 * \file
 * The C interface: for C, and for every language that can call it. C11, or C++.
 *
 * Link `libwaybill_c_postgresql` or `libwaybill_c_sqlite` (CMake: `waybill::c_postgresql`, `waybill::c_sqlite`) and the
 * database's own client library.
 *
 * Stable: no function, value or field here is ever removed, renumbered or moved. New fields are appended to structures
 * that start with `size`, and a library reads only the fields that fit into the `size` its caller gave.
 *
 * Threads: a connection is the caller's, and so is its thread rule. The library keeps no state of its own.
 * Memory: everything passed in stays the caller's and is not kept; everything given back is written into what the
 * caller passed. Nothing has to be freed.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pg_conn; /* PGconn of libpq */
struct sqlite3;

/** What every function returns: WAYBILL_OK, or why it failed. The names are those of `waybill::ErrorCode`. */
enum {
  WAYBILL_OK = 0,
  WAYBILL_INVALID_ARGUMENT = 1,
  WAYBILL_INVALID_CONFIGURATION = 2,
  WAYBILL_MISSING_SECRET = 3,
  WAYBILL_MISSING_SCHEMA = 4,
  WAYBILL_NEWER_SCHEMA = 5,
  WAYBILL_OLDER_SCHEMA = 6,
  WAYBILL_MOVED_STORE = 7,
  WAYBILL_UNREACHABLE = 8,
  WAYBILL_UNAUTHORIZED = 9,
  WAYBILL_TIMEOUT = 10,
  WAYBILL_BUSY = 11,
  WAYBILL_READ_ONLY = 12,
  WAYBILL_DISK_FULL = 13,
  WAYBILL_LOST_LANE = 14,
  WAYBILL_NOT_FOUND = 15,
  WAYBILL_REFUSED = 16,
  WAYBILL_UNSUPPORTED = 17,
  WAYBILL_IN_DOUBT = 18,
  WAYBILL_CORRUPT = 19,
  WAYBILL_INTERNAL = 20
};

/** Bytes an id can take, with its terminating NUL. */
#define WAYBILL_ID_SIZE 256

/** Why a call failed, in words. */
typedef struct waybill_error {
  int32_t code;       /**< the same as the return value */
  int32_t transient;  /**< 1: the same call may succeed later without anybody changing anything */
  char message[1016]; /**< UTF-8, ends with NUL, cut when longer */
} waybill_error;

/** One of the user's headers: two strings that end with NUL, in UTF-8. */
typedef struct waybill_header {
  const char* name;
  const char* value;
} waybill_header;

/** A message. Set `size` to sizeof(waybill_message) and all else to zero first, then what is needed: only `topic` is.
 */
typedef struct waybill_message {
  size_t size;
  const char* id;      /**< null or empty: a new UUIDv7 is made; at most 255 bytes */
  const char* topic;   /**< 1 to 255 bytes */
  const char* key;     /**< null: none */
  const void* payload; /**< any bytes */
  size_t payload_size;
  const waybill_header* headers; /**< `header_count` of them; of two with one name the last counts */
  size_t header_count;
  const char* content_type; /**< null: none */
  int64_t not_before_ms;    /**< do not publish earlier (Unix milliseconds, the store's clock); 0: at once */
} waybill_message;

/**
 * Persists `message` in the transaction that is open on `connection`: it is published if and only if that transaction
 * commits. `id_out` (may be null) gets the message's id. `error` (may be null) gets the words when it fails.
 * WAYBILL_REFUSED when no transaction is open. After an error from the server, roll back.
 * Blocks for one round trip, or for SQLite's own busy handling.
 */
int waybill_postgresql_send(struct pg_conn* connection, const waybill_message* message, char id_out[WAYBILL_ID_SIZE],
                            waybill_error* error);
int waybill_sqlite_send(struct sqlite3* connection, const waybill_message* message, char id_out[WAYBILL_ID_SIZE],
                        waybill_error* error);

/** What the guard `once` found. */
enum {
  WAYBILL_ONCE_NEW = 0,       /**< not seen before: do the effect now, in this transaction */
  WAYBILL_ONCE_DUPLICATE = 1, /**< done before: skip the effect, commit, acknowledge */
  WAYBILL_ONCE_CONFLICT = 2,  /**< same unique ID and fingerprint, other content: skip it; kept for a person */
  WAYBILL_ONCE_EXPIRED = 3    /**< older than the oldest kept mark: skip it, and tell a person */
};

/** One operation on one thing. Set `size` to sizeof(waybill_mark) and all else to zero first. */
typedef struct waybill_mark {
  size_t size;
  const char* consumer;    /**< who does the effect; 1 to 255 bytes */
  const char* unique_id;   /**< the business key the effect is about; 1 to 255 bytes */
  const char* fingerprint; /**< the code of one operation on it; 1 to 255 bytes */
  const char* digest;      /**< of the content, as lower-case hex SHA-256; null: conflicts are not looked for */
  const char* message_id;  /**< null: none; a UUIDv7 tells how old the message is */
  int64_t persisted_at_ms; /**< how old the message is when its id does not tell (Unix milliseconds); 0: unknown */
} waybill_mark;

/**
 * Marks the operation as done in the open transaction, or tells that it was done before. `found` gets one of
 * WAYBILL_ONCE_*. WAYBILL_REFUSED when no transaction is open; WAYBILL_BUSY: roll back and try the whole transaction
 * again.
 */
int waybill_postgresql_once(struct pg_conn* connection, const waybill_mark* mark, int* found, waybill_error* error);
int waybill_sqlite_once(struct sqlite3* connection, const waybill_mark* mark, int* found, waybill_error* error);

#ifdef __cplusplus
}
#endif

#endif
