-- Bulk acts of operators: what is wanted and how far it is, and what became of each message.
CREATE TABLE IF NOT EXISTS waybill.operation (
  id         text COLLATE "C" PRIMARY KEY, -- a UUIDv7
  revision   bigint NOT NULL DEFAULT 1,    -- rises with each change: who knows an older one has lost the race
  document   text NOT NULL,                -- JSON
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE IF NOT EXISTS waybill.operation_result (
  operation  text NOT NULL,
  number     bigint NOT NULL,
  message_id text NOT NULL,
  result     text NOT NULL,
  PRIMARY KEY (operation, number)
);

UPDATE waybill.meta SET value = '2' WHERE name = 'schema_version';
