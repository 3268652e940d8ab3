
-- The inbox: what consumers have already done (the guard `once`).
--
-- From any language, inside the transaction of the effect:
--   INSERT IGNORE INTO waybill_inbox (consumer, unique_id, fingerprint, digest, message_id, message_ms)
--     VALUES ('inventory', '<unique id>', '<fingerprint>', '<digest or NULL>', '<id or NULL>', <Unix ms or NULL>);
-- One row inserted: SELECT before_ms FROM waybill_inbox_bound WHERE consumer = 'inventory' LOCK IN SHARE MODE; if it is not
-- less than message_ms, delete the row again: the message is older than the oldest kept mark (expired). Else do the
-- effect. No row inserted: done before; SELECT digest ... LOCK IN SHARE MODE tells a conflict by another digest, and finds
-- no row when one of the three names is missing or empty. Give message_ms when you know it.

CREATE TABLE IF NOT EXISTS waybill_inbox (
  seq         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  consumer    VARBINARY(255) NOT NULL CHECK (LENGTH(consumer) > 0),
  unique_id   VARBINARY(255) NOT NULL CHECK (LENGTH(unique_id) > 0),
  fingerprint VARBINARY(255) NOT NULL CHECK (LENGTH(fingerprint) > 0),
  digest      VARBINARY(255),
  message_id  VARBINARY(255),
  message_ms  BIGINT,                  -- when the message was persisted, as its id or its sender says (Unix ms)
  marked_ms   BIGINT NOT NULL DEFAULT (FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)),
  UNIQUE KEY waybill_inbox_mark (consumer, unique_id, fingerprint),
  KEY waybill_inbox_age (marked_ms)
) ENGINE = InnoDB;

-- Messages of a consumer that are not younger than before_ms are `expired` unless their mark is still there.
CREATE TABLE IF NOT EXISTS waybill_inbox_bound (
  consumer  VARBINARY(255) NOT NULL PRIMARY KEY,
  before_ms BIGINT NOT NULL
) ENGINE = InnoDB;

-- Same unique ID and fingerprint, other content: for a person to decide.
CREATE TABLE IF NOT EXISTS waybill_inbox_conflict (
  seq             BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  consumer        VARBINARY(255) NOT NULL,
  unique_id       VARBINARY(255) NOT NULL,
  fingerprint     VARBINARY(255) NOT NULL,
  kept_digest     VARBINARY(255) NOT NULL,
  kept_message_id VARBINARY(255),
  kept_ms         BIGINT NOT NULL,
  digest          VARBINARY(255) NOT NULL,
  message_id      VARBINARY(255),
  message_ms      BIGINT,
  found_ms        BIGINT NOT NULL DEFAULT (FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)),
  payload         LONGBLOB,            -- of the refused message; the consumer may set it
  UNIQUE KEY waybill_inbox_conflict_once (consumer, unique_id, fingerprint, digest)
) ENGINE = InnoDB;

INSERT INTO waybill_meta VALUES ('schema_version', '2') ON DUPLICATE KEY UPDATE value = '2';
