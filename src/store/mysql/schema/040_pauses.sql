-- Routes that a person holds back: their messages wait in the outbox.
CREATE TABLE IF NOT EXISTS waybill_pause (
  route VARBINARY(255) NOT NULL PRIMARY KEY, -- its topic, as the configuration writes it
  who   BLOB NOT NULL,
  why   BLOB NOT NULL,
  since BIGINT NOT NULL                      -- Unix ms
) ENGINE = InnoDB;

UPDATE waybill_meta SET value = '4' WHERE name = 'schema_version';
