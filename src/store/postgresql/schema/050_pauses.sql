-- Routes that a person holds back: their messages wait in the outbox.
CREATE TABLE IF NOT EXISTS waybill.pause (
  route text COLLATE "C" PRIMARY KEY, -- its topic, as the configuration writes it
  who   text NOT NULL,
  why   text NOT NULL,
  since bigint NOT NULL               -- Unix ms
);

UPDATE waybill.meta SET value = '3' WHERE name = 'schema_version';
