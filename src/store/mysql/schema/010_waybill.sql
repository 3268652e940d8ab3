-- Waybill's tables in a MySQL or MariaDB database.
--
-- From any language, inside the transaction of the business change:
--   INSERT INTO waybill_outbox (topic, `key`, payload, headers) VALUES ('orders.created', '17', '...', '{"n":"v"}');
-- A service's user needs INSERT on waybill_outbox; the relay's SELECT, INSERT, UPDATE and DELETE on all tables of this
-- file, and PROCESS, to see which transactions are open.
-- Keep innodb_flush_log_at_trx_commit = 1, and sync_binlog = 1 where there is a binary log.

CREATE TABLE IF NOT EXISTS waybill_meta (
  name  VARBINARY(64) NOT NULL PRIMARY KEY,
  value VARBINARY(255) NOT NULL
) ENGINE = InnoDB;

-- A number is taken by the insert and becomes visible with the commit: a lower one can come after a higher one.
CREATE TABLE IF NOT EXISTS waybill_outbox (
  seq          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id           TEXT NOT NULL DEFAULT (LOWER(CONCAT(                              -- a UUIDv7
                 LPAD(HEX(FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) >> 16), 8, '0'), '-',
                 LPAD(HEX(FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000) & 65535), 4, '0'), '-7',
                 SUBSTR(HEX(RANDOM_BYTES(2)), 2), '-', SUBSTR('89ab', 1 + FLOOR(RAND() * 4), 1),
                 SUBSTR(HEX(RANDOM_BYTES(2)), 2), '-', HEX(RANDOM_BYTES(6))))),
  topic        TEXT NOT NULL,
  `key`        TEXT,
  headers      LONGTEXT,             -- a JSON object of strings
  content_type TEXT,
  not_before   TIMESTAMP(3) NULL DEFAULT NULL,
  created_at   BIGINT NOT NULL DEFAULT (FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000)),  -- Unix ms
  payload      LONGBLOB NOT NULL     -- any bytes
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Messages that were not confirmed at once, with their payload. seq is the one from the outbox.
CREATE TABLE IF NOT EXISTS waybill_retry (
  seq          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  state        VARBINARY(8) NOT NULL,   -- sending, failed, dropped
  route        VARBINARY(255) NOT NULL,
  blocks       TINYINT NOT NULL,        -- 1: later messages of its scope wait for it
  attempts     INT UNSIGNED NOT NULL,   -- publications that may have reached the broker
  tries        INT UNSIGNED NOT NULL,   -- tries without an ack
  claimed      TINYINT NOT NULL,        -- 1: handed out since it was last settled
  due_ms       BIGINT NOT NULL,         -- by the lane's clock
  reason       VARBINARY(64) NOT NULL,
  answer       BLOB NOT NULL,
  changed_at   BIGINT NOT NULL,         -- Unix ms
  id           BLOB NOT NULL,
  topic        BLOB NOT NULL,
  `key`        VARBINARY(255),
  headers      LONGBLOB,
  content_type BLOB,
  not_before   TIMESTAMP(3) NULL DEFAULT NULL,
  created_at   BIGINT NOT NULL,
  payload      LONGBLOB NOT NULL,
  KEY waybill_retry_due (state, due_ms, seq),
  KEY waybill_retry_blocks (route, `key`, blocks, state),
  KEY waybill_retry_id (id(64))
) ENGINE = InnoDB;

-- The history of messages that had a retry, or were dropped.
CREATE TABLE IF NOT EXISTS waybill_attempt (
  n        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id       BLOB NOT NULL,
  at       BIGINT NOT NULL,             -- Unix ms
  attempt  INT UNSIGNED NOT NULL,
  outcome  VARBINARY(255) NOT NULL,
  answer   BLOB NOT NULL,
  endpoint VARBINARY(512) NOT NULL,
  relay    VARBINARY(512) NOT NULL,
  KEY waybill_attempt_id (id(64), n)
) ENGINE = InnoDB;

-- Keys of a route (keyed 0: whole routes) whose messages wait; those after `after_seq` are not dealt with yet.
CREATE TABLE IF NOT EXISTS waybill_blocked_scope (
  route     VARBINARY(255) NOT NULL,
  keyed     TINYINT NOT NULL,
  `key`     VARBINARY(255) NOT NULL,
  after_seq BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (route, keyed, `key`)
) ENGINE = InnoDB;

-- Which messages of the outbox wait behind a scope: the relay has passed over them.
CREATE TABLE IF NOT EXISTS waybill_parked (
  seq   BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  route VARBINARY(255) NOT NULL,
  `key` VARBINARY(255),
  KEY waybill_parked_key (route, `key`, seq),
  KEY waybill_parked_route (route, seq)
) ENGINE = InnoDB;

-- Where the one lane stands. A relay owns it by a named lock of its connection; `fence` rises with each owner, and an
-- older one's settlement changes nothing.
CREATE TABLE IF NOT EXISTS waybill_lane (
  lane          TINYINT NOT NULL PRIMARY KEY,
  fence         BIGINT NOT NULL,
  holder        VARBINARY(255) NOT NULL,
  clock_ms      BIGINT NOT NULL,        -- for how long some relay has held the lane
  claimed       BIGINT UNSIGNED NOT NULL,  -- outbox rows up to here may have been sent
  fetches       BIGINT NOT NULL,        -- written with each: the commit makes durable what was read before it
  clean         TINYINT NOT NULL,       -- 1: the last owner stopped with nothing in flight
  suspect       BIGINT UNSIGNED,        -- the message that is in flight alone
  suspect_fence BIGINT NOT NULL,        -- the owner that said so
  blamed        BIGINT UNSIGNED,
  kills         INT NOT NULL            -- owners in a row that ended with `blamed` as their suspect
) ENGINE = InnoDB;
INSERT IGNORE INTO waybill_lane VALUES (0, 0, '', 0, 0, 0, 1, NULL, 0, NULL, 0);

-- What running relays say about themselves.
CREATE TABLE IF NOT EXISTS waybill_relay_report (
  relay VARBINARY(512) NOT NULL PRIMARY KEY,
  at    BIGINT NOT NULL,                -- Unix ms
  json  LONGBLOB NOT NULL
) ENGINE = InnoDB;
