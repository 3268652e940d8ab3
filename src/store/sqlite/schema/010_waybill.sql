-- Waybill's tables in a SQLite database.
--
-- From any language, inside the transaction of the business change:
--   INSERT INTO waybill_outbox (topic, key, payload, headers) VALUES ('orders.created', '17', x'...', '{"n":"v"}');
-- Use journal_mode=WAL (it is stored in the file) and synchronous=FULL (it is not: every connection sets it).

CREATE TABLE IF NOT EXISTS waybill_meta (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

-- One writer at a time: the order of seq is the order of the commits. AUTOINCREMENT never gives a number twice, also
-- when the table was emptied, so a relay's position stays right.
CREATE TABLE IF NOT EXISTS waybill_outbox (
  seq          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL DEFAULT (lower(printf('%08x-%04x-7%s-%s%s-%s',      -- a UUIDv7
                 CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) >> 16,
                 CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) & 65535,
                 substr(hex(randomblob(2)), 2), substr('89ab', 1 + (random() & 3), 1),
                 substr(hex(randomblob(2)), 2), hex(randomblob(6))))),
  topic        TEXT NOT NULL,
  key          TEXT,
  headers      TEXT,                 -- a JSON object of strings
  content_type TEXT,
  not_before,                        -- Unix milliseconds; below 1e11: Unix seconds; or text as julianday() reads it
  created_at   INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),  -- Unix ms
  payload      BLOB NOT NULL         -- any bytes; text is taken as UTF-8. Last, so that a long one is not read in vain
);

-- Messages that were not confirmed at once, with their payload. seq is the one from the outbox.
CREATE TABLE IF NOT EXISTS waybill_retry (
  seq          INTEGER PRIMARY KEY,
  state        TEXT NOT NULL CHECK (state IN ('sending', 'failed', 'dropped')),
  route        TEXT NOT NULL,
  blocks       INTEGER NOT NULL,     -- 1: later messages of its scope wait for it
  attempts     INTEGER NOT NULL,     -- publications that may have reached the broker
  tries        INTEGER NOT NULL,     -- tries without an ack
  claimed      INTEGER NOT NULL,     -- 1: handed out since it was last settled
  due_ms       INTEGER NOT NULL,     -- by the lane's clock
  reason       TEXT NOT NULL,
  answer       TEXT NOT NULL,
  changed_at   INTEGER NOT NULL,     -- Unix ms
  id           TEXT NOT NULL,
  topic        TEXT NOT NULL,
  key          TEXT,
  headers      TEXT,
  content_type TEXT,
  not_before,
  created_at   INTEGER NOT NULL,
  payload      BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS waybill_retry_due ON waybill_retry (due_ms, seq) WHERE state = 'sending';
CREATE INDEX IF NOT EXISTS waybill_retry_state ON waybill_retry (state, seq) WHERE state <> 'sending';
CREATE INDEX IF NOT EXISTS waybill_retry_blocks ON waybill_retry (route, key) WHERE blocks AND state <> 'dropped';
CREATE INDEX IF NOT EXISTS waybill_retry_id ON waybill_retry (id);

-- The history of messages that had a retry, or were dropped.
CREATE TABLE IF NOT EXISTS waybill_attempt (
  n        INTEGER PRIMARY KEY,
  id       TEXT NOT NULL,
  at       INTEGER NOT NULL,         -- Unix ms
  attempt  INTEGER NOT NULL,
  outcome  TEXT NOT NULL,
  answer   TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  relay    TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS waybill_attempt_id ON waybill_attempt (id, n);

-- Keys of a route (key NULL: whole routes) whose messages wait; those after `after` are not dealt with yet.
CREATE TABLE IF NOT EXISTS waybill_blocked_scope (
  route TEXT NOT NULL,
  key   TEXT,
  after INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS waybill_blocked_scope_name ON waybill_blocked_scope (route, ifnull(key, x''));

-- Which messages of the outbox wait behind a scope: the relay has passed over them.
CREATE TABLE IF NOT EXISTS waybill_parked (
  seq   INTEGER PRIMARY KEY,
  route TEXT NOT NULL,
  key   TEXT
);
CREATE INDEX IF NOT EXISTS waybill_parked_key ON waybill_parked (route, key, seq);
CREATE INDEX IF NOT EXISTS waybill_parked_route ON waybill_parked (route, seq);

-- Where the one lane stands. A relay owns it by a lock on the file `<database>-waybill-lane0`; `fence` rises with each
-- owner, and an older one's settlement changes nothing.
CREATE TABLE IF NOT EXISTS waybill_lane (
  lane          INTEGER PRIMARY KEY CHECK (lane = 0),
  fence         INTEGER NOT NULL,
  holder        TEXT NOT NULL,
  clock_ms      INTEGER NOT NULL,    -- for how long some relay has held the lane
  claimed       INTEGER NOT NULL,    -- outbox rows up to here may have been sent
  clean         INTEGER NOT NULL,    -- 1: the last owner stopped with nothing in flight
  suspect       INTEGER,             -- the message that is in flight alone
  suspect_fence INTEGER NOT NULL,    -- the owner that said so
  blamed        INTEGER,
  kills         INTEGER NOT NULL     -- owners in a row that ended with `blamed` as their suspect
);
INSERT OR IGNORE INTO waybill_lane VALUES (0, 0, '', 0, 0, 1, NULL, 0, NULL, 0);

-- What running relays say about themselves.
CREATE TABLE IF NOT EXISTS waybill_relay_report (
  relay TEXT NOT NULL PRIMARY KEY,
  at    INTEGER NOT NULL,            -- Unix ms
  json  TEXT NOT NULL
);

INSERT OR IGNORE INTO waybill_meta VALUES ('schema_version', '1');
