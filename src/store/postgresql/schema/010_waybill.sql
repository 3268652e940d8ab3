-- Waybill's tables for PostgreSQL 13 and later. `waybill migrate` runs this text; `waybill migrate --print` shows it.
-- It names no role. A service that sends needs
--     GRANT USAGE ON SCHEMA waybill TO service;
--     GRANT INSERT (id, topic, key, payload, headers, content_type, not_before) ON waybill.outbox TO service;
--     GRANT USAGE ON SEQUENCE waybill.outbox_seq TO service;
-- and the relay's role must own the schema's tables, since only an owner can free a partition at once.

CREATE SCHEMA IF NOT EXISTS waybill;

CREATE TABLE waybill.meta (
  name  text PRIMARY KEY,
  value text NOT NULL
);

-- CACHE 1: a session must not hold numbers back, or a later commit could get a lower number than the relay has passed.
CREATE SEQUENCE waybill.outbox_seq AS bigint CACHE 1;

-- A message is one INSERT by the service, in its own transaction, and is never updated, locked or deleted after it.
-- The order of the first two columns matters: a transaction gets its number before it draws from the sequence, so
-- whoever sees sequence number M knows every transaction that may still commit a lower one.
CREATE TABLE waybill.outbox (
  xid          xid8        NOT NULL DEFAULT pg_current_xact_id(),
  seq          bigint      NOT NULL DEFAULT nextval('waybill.outbox_seq'),
  id           text        NOT NULL DEFAULT
    (lpad(to_hex((date_part('epoch', clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
      || substr(gen_random_uuid()::text, 16))::uuid::text,
  topic        text        NOT NULL,
  key          text,
  payload      bytea       NOT NULL,
  headers      json,
  content_type text,
  not_before   timestamptz,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Such a commit is visible before it is durable. All others are durable when they are seen.
  async_commit boolean     NOT NULL DEFAULT current_setting('synchronous_commit') = 'off'
) PARTITION BY LIST (((seq >> 17) & 7));
ALTER SEQUENCE waybill.outbox_seq OWNED BY waybill.outbox.seq;

-- A fixed ring: no partition has to be made in time, so inserts work whatever happens to the relay. A partition whose
-- messages are all settled is truncated. Vacuum has nothing to do in them, but still runs against wraparound.
DO $$
BEGIN
  FOR k IN 0..7 LOOP
    EXECUTE format('CREATE TABLE waybill.outbox_p%s PARTITION OF waybill.outbox FOR VALUES IN (%s)
                    WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off)', k, k);
    EXECUTE format('CREATE INDEX outbox_p%s_seq ON waybill.outbox_p%s (seq)', k, k);
  END LOOP;
END $$;

-- Messages that were not confirmed at once, with what is known about them. seq is the outbox's.
CREATE TABLE waybill.retry (
  seq          bigint      PRIMARY KEY,
  lane         integer     NOT NULL,
  state        text        NOT NULL CHECK (state IN ('sending', 'failed', 'dropped')),
  route        text        NOT NULL,
  blocks       boolean     NOT NULL,
  attempts     integer     NOT NULL,
  tries        integer     NOT NULL,
  handed_out   boolean     NOT NULL DEFAULT false,
  due_ms       bigint      NOT NULL,
  reason       text        NOT NULL,
  answer       text        NOT NULL,
  endpoint     text        NOT NULL,
  changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  id           text        NOT NULL,
  topic        text        NOT NULL,
  key          text,
  payload      bytea       NOT NULL,
  headers      json,
  content_type text,
  not_before   timestamptz,
  created_at   timestamptz NOT NULL
);
CREATE INDEX retry_due ON waybill.retry (lane, due_ms, seq) WHERE state = 'sending';
CREATE INDEX retry_troubled ON waybill.retry (state, seq) WHERE state <> 'sending';
CREATE INDEX retry_blocking ON waybill.retry (lane, route, key) WHERE blocks AND state <> 'dropped';
CREATE INDEX retry_id ON waybill.retry (id);

-- The history of messages that had a retry.
CREATE TABLE waybill.attempt (
  n        bigint      GENERATED ALWAYS AS IDENTITY,
  id       text        NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempt  integer     NOT NULL,
  outcome  text        NOT NULL,
  answer   text        NOT NULL,
  endpoint text        NOT NULL,
  relay    text        NOT NULL
);
CREATE INDEX attempt_id ON waybill.attempt (id, n);
CREATE INDEX attempt_at ON waybill.attempt USING brin (at);

-- Keys of a route (key null: whole routes) whose later messages wait, and which messages of the outbox wait behind them.
-- Only their numbers are listed, one row for each scope and settlement; the messages stay where they are.
CREATE TABLE waybill.blocked_scope (
  lane  integer NOT NULL,
  route text    NOT NULL,
  key   text,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  behind bigint NOT NULL
);
CREATE UNIQUE INDEX blocked_scope_key ON waybill.blocked_scope (lane, route, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX blocked_scope_route ON waybill.blocked_scope (lane, route) WHERE key IS NULL;
CREATE TABLE waybill.parked (
  n         bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lane      integer  NOT NULL,
  route     text     NOT NULL,
  key       text,
  claimed   boolean  NOT NULL,
  first_seq bigint   NOT NULL,
  last_seq  bigint   NOT NULL,
  seqs      bigint[] NOT NULL
);
CREATE INDEX parked_scope ON waybill.parked (lane, route, key, n);

-- What running relays say about themselves.
CREATE TABLE waybill.relay_report (
  relay text        PRIMARY KEY,
  at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  json  text        NOT NULL
) WITH (fillfactor = 50);

-- Where each lane stands: an insert-only log in two tables that are truncated in turn, so that it leaves no dead rows
-- even while an old transaction is open. Only the row with the highest n counts, and it is read only at a takeover.
DO $$
BEGIN
  FOR lane IN 0..(@LANES@ - 1) LOOP
    FOR half IN 0..1 LOOP
      EXECUTE format('CREATE TABLE waybill.position_%s_%s (
        n             bigint      PRIMARY KEY,
        at            timestamptz NOT NULL DEFAULT clock_timestamp(),
        holder        text        NOT NULL,
        clock_ms      bigint      NOT NULL,
        clean         boolean     NOT NULL,
        suspect       bigint,
        suspect_kills integer     NOT NULL,
        next_xid      xid8        NOT NULL,
        max_seq       bigint      NOT NULL,
        pending       text        NOT NULL,
        outstanding   bytea       NOT NULL,
        claimed       bigint      NOT NULL,
        flagged       bigint      NOT NULL
      ) WITH (autovacuum_enabled = off)', lane, CASE half WHEN 0 THEN 'a' ELSE 'b' END);
    END LOOP;
  END LOOP;
END $$;

-- A relay that sleeps holds the exclusive form of this lock; only then does an insert send a notification, since
-- notifications make commits wait for each other. An open transaction that has inserted holds the shared form, so a
-- relay can't fall asleep while something is about to be committed.
CREATE FUNCTION waybill.wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('waybill_wake', '');
  RETURN NULL;
END $$;
CREATE TRIGGER wake AFTER INSERT ON waybill.outbox FOR EACH STATEMENT
  WHEN (NOT pg_try_advisory_xact_lock_shared(2002876770, -1)) EXECUTE FUNCTION waybill.wake();

INSERT INTO waybill.meta (name, value) VALUES
  ('schema_version', '1'),
  ('lanes', '@LANES@'),
  ('cluster', (SELECT system_identifier::text FROM pg_control_system()));
