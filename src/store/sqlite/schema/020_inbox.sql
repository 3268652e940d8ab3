-- The inbox: what consumers have already done (the guard `once`).
--
-- From any language, inside the transaction of the effect (BEGIN IMMEDIATE is best: it waits for its turn at once):
--   INSERT OR IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint, digest, message_id, message_ms)
--     VALUES ('inventory', '<unique id>', '<fingerprint>', '<digest or NULL>', '<id or NULL>', <Unix ms or NULL>);
-- One row changed: do the effect. None: SELECT digest by the three names. A row is there: done before (with another
-- digest: a conflict, see waybill_inbox_conflict). No row: the message is older than the oldest kept mark (expired).
-- Give message_ms when you know it: without it a message always counts as young.

CREATE TABLE IF NOT EXISTS waybill_inbox (
  seq         INTEGER PRIMARY KEY,     -- rises with time: purging goes along it
  consumer    TEXT NOT NULL,
  unique_id   TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  digest      TEXT,
  message_id  TEXT,
  message_ms  INTEGER,                 -- when the message was persisted, as its id or its sender says (Unix ms)
  marked_ms   INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
  UNIQUE (consumer, unique_id, fingerprint)
);

-- Messages of a consumer that are not younger than before_ms are `expired` unless their mark is still there.
CREATE TABLE IF NOT EXISTS waybill_inbox_bound (
  consumer  TEXT NOT NULL PRIMARY KEY,
  before_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- Same unique ID and fingerprint, other content: for a person to decide.
CREATE TABLE IF NOT EXISTS waybill_inbox_conflict (
  seq             INTEGER PRIMARY KEY AUTOINCREMENT,
  consumer        TEXT NOT NULL,
  unique_id       TEXT NOT NULL,
  fingerprint     TEXT NOT NULL,
  kept_digest     TEXT NOT NULL,
  kept_message_id TEXT,
  kept_ms         INTEGER NOT NULL,
  digest          TEXT NOT NULL,
  message_id      TEXT,
  message_ms      INTEGER,
  found_ms        INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
  payload         BLOB,                -- of the refused message; the consumer may set it
  UNIQUE (consumer, unique_id, fingerprint, digest)
);

-- OR IGNORE would take a missing part for a repeat, and the effect would be lost in silence.
CREATE TRIGGER IF NOT EXISTS waybill_inbox_complete BEFORE INSERT ON waybill_inbox
WHEN coalesce(length(CAST(NEW.consumer AS BLOB)), 0) NOT BETWEEN 1 AND 255
  OR coalesce(length(CAST(NEW.unique_id AS BLOB)), 0) NOT BETWEEN 1 AND 255
  OR coalesce(length(CAST(NEW.fingerprint AS BLOB)), 0) NOT BETWEEN 1 AND 255
BEGIN
  SELECT RAISE(ABORT, 'waybill_inbox: consumer, unique_id and fingerprint need 1 to 255 bytes each');
END;

-- A message older than the bound is not marked: nobody can tell whether it was done.
CREATE TRIGGER IF NOT EXISTS waybill_inbox_expired BEFORE INSERT ON waybill_inbox
WHEN NEW.message_ms <= (SELECT before_ms FROM waybill_inbox_bound WHERE consumer = NEW.consumer)
BEGIN
  SELECT RAISE(IGNORE);
END;
