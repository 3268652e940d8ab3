-- Bulk acts of operators: what is wanted and how far it is, and what became of each message.
CREATE TABLE IF NOT EXISTS waybill_operation (
  id         VARBINARY(64) NOT NULL PRIMARY KEY, -- a UUIDv7
  revision   BIGINT NOT NULL,                    -- rises with each change: who knows an older one has lost the race
  document   LONGBLOB NOT NULL,                  -- JSON
  created_at BIGINT NOT NULL,                    -- Unix ms, as the next
  changed_at BIGINT NOT NULL
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS waybill_operation_result (
  operation  VARBINARY(64) NOT NULL,
  number     BIGINT NOT NULL,
  message_id VARBINARY(255) NOT NULL,
  result     VARBINARY(1024) NOT NULL,
  PRIMARY KEY (operation, number)
) ENGINE = InnoDB;

UPDATE waybill_meta SET value = '3' WHERE name = 'schema_version';
