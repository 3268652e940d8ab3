-- Bulk acts of operators: what is wanted and how far it is, and what became of each message.
CREATE TABLE IF NOT EXISTS waybill_operation (
  id         TEXT NOT NULL PRIMARY KEY, -- a UUIDv7
  revision   INTEGER NOT NULL,          -- rises with each change: who knows an older one has lost the race
  document   TEXT NOT NULL,             -- JSON
  created_at INTEGER NOT NULL,          -- Unix ms, as the next
  changed_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS waybill_operation_result (
  operation  TEXT NOT NULL,
  number     INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  result     TEXT NOT NULL,
  PRIMARY KEY (operation, number)
) WITHOUT ROWID;

UPDATE waybill_meta SET value = '2' WHERE name = 'schema_version';
