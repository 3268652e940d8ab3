-- Routes that a person holds back: their messages wait in the outbox.
CREATE TABLE IF NOT EXISTS waybill_pause (
  route TEXT NOT NULL PRIMARY KEY, -- its topic, as the configuration writes it
  who   TEXT NOT NULL,
  why   TEXT NOT NULL,
  since INTEGER NOT NULL           -- Unix ms
) WITHOUT ROWID;

UPDATE waybill_meta SET value = '3' WHERE name = 'schema_version';
