-- The inbox: what consumers have already done, and the guards `once` and `version`.
--
-- Marks live in a ring of generations, one partition each, so that old ones are freed by TRUNCATE and never by row
-- deletes. A mark must be unique across all of them, also at the moment of a rotation, without a lock that every
-- consumer would have to take. The rule (see docs/decisions):
--   * The sequence waybill.inbox_state holds the present generation's slot in the ring and a bound, as bound * 4 + slot.
--     A sequence, because its value is read as it is now, whatever snapshot the reader has.
--   * Every transaction takes its transaction id before it reads the state. So each one that saw an older state has an
--     id below the bound, which is read after the state was set.
--   * Who sees all ids below the bound as ended sees all their marks: it looks into the older generations and inserts
--     into the present one. Who does not, inserts into the previous and the present one: the unique index of one of
--     the two makes it meet whoever is about to mark the same.
--   * A snapshot older than the previous bound (REPEATABLE READ, taken two rotations ago) can do neither: try again.
--
-- A consumer's role needs: USAGE on schema waybill; SELECT, INSERT on waybill.inbox and waybill.inbox_conflict;
-- SELECT on waybill.inbox_bound, waybill.inbox_state and waybill.inbox_previous. EXECUTE on the functions is public.

CREATE TABLE IF NOT EXISTS waybill.inbox (
  generation   smallint    NOT NULL,  -- the slot in the ring, 0..3
  consumer     text        NOT NULL,
  unique_id    text        NOT NULL,
  fingerprint  text        NOT NULL,
  digest       text,
  message_id   text,
  message_time timestamptz,           -- when the message was persisted, as its id or its sender says
  marked_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  moved_to     text,                  -- not done here: the shard that decides about it from now on
  PRIMARY KEY (consumer, unique_id, fingerprint, generation)
) PARTITION BY LIST (generation);
CREATE TABLE IF NOT EXISTS waybill.inbox_g0 PARTITION OF waybill.inbox FOR VALUES IN (0);
CREATE TABLE IF NOT EXISTS waybill.inbox_g1 PARTITION OF waybill.inbox FOR VALUES IN (1);
CREATE TABLE IF NOT EXISTS waybill.inbox_g2 PARTITION OF waybill.inbox FOR VALUES IN (2);
CREATE TABLE IF NOT EXISTS waybill.inbox_g3 PARTITION OF waybill.inbox FOR VALUES IN (3);

CREATE SEQUENCE IF NOT EXISTS waybill.inbox_state MINVALUE 0 START 0;
-- The bound of the generation before the present one.
CREATE SEQUENCE IF NOT EXISTS waybill.inbox_previous MINVALUE 0 START 0;

-- When each generation of the ring was opened.
CREATE TABLE IF NOT EXISTS waybill.inbox_generation (
  slot      smallint    PRIMARY KEY,
  opened_at timestamptz NOT NULL
);
INSERT INTO waybill.inbox_generation VALUES (0, clock_timestamp()) ON CONFLICT DO NOTHING;

-- Messages of a consumer that are not younger than `before` are `expired` unless their mark is still there.
CREATE TABLE IF NOT EXISTS waybill.inbox_bound (
  consumer text        PRIMARY KEY,
  before   timestamptz NOT NULL
);
-- Same unique ID and fingerprint, other content: for a person to decide.
CREATE TABLE IF NOT EXISTS waybill.inbox_conflict (
  seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer        text        NOT NULL,
  unique_id       text        NOT NULL,
  fingerprint     text        NOT NULL,
  kept_digest     text        NOT NULL,
  kept_message_id text,
  kept_at         timestamptz NOT NULL,
  digest          text        NOT NULL,
  message_id      text,
  message_time    timestamptz,
  found_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  payload         bytea,                -- of the refused message; the consumer may set it
  UNIQUE (consumer, unique_id, fingerprint, digest)
);

-- The time inside a UUIDv7, or null when the text is none.
CREATE OR REPLACE FUNCTION waybill.uuid7_time(id text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN id ~ '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$'
    THEN to_timestamp((('x' || substr(id, 1, 8) || substr(id, 10, 4))::bit(48))::bigint / 1000.0) END
$$;

-- The insert of a mark: true when it is now this transaction's. Looks into every generation, inserts into `slot`.
-- Nothing is inserted for a message that is older than the consumer's bound. A mark taken over from another shard keeps
-- the time when it was made.
CREATE OR REPLACE FUNCTION waybill.inbox_insert(slot smallint, mark waybill.inbox) RETURNS boolean
  LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO waybill.inbox (generation, consumer, unique_id, fingerprint, digest, message_id, message_time, marked_at,
                             moved_to)
    SELECT slot, mark.consumer, mark.unique_id, mark.fingerprint, mark.digest, mark.message_id, mark.message_time,
           coalesce(mark.marked_at, clock_timestamp()), mark.moved_to
     WHERE NOT EXISTS (SELECT FROM waybill.inbox o
                        WHERE o.consumer = mark.consumer AND o.unique_id = mark.unique_id
                          AND o.fingerprint = mark.fingerprint)
       AND NOT EXISTS (SELECT FROM waybill.inbox_bound b
                        WHERE b.consumer = mark.consumer AND b.before >= mark.message_time)
    ON CONFLICT DO NOTHING;
  RETURN FOUND;
END
$$;

-- The same while a rotation is not settled: into the previous generation and into the present one, both or neither.
CREATE OR REPLACE FUNCTION waybill.inbox_insert_both(slot smallint, mark waybill.inbox) RETURNS boolean
  LANGUAGE plpgsql AS $$
BEGIN
  IF NOT waybill.inbox_insert(((slot + 3) & 3)::smallint, mark) THEN
    RETURN false;
  END IF;
  INSERT INTO waybill.inbox (generation, consumer, unique_id, fingerprint, digest, message_id, message_time, marked_at,
                             moved_to)
    VALUES (slot, mark.consumer, mark.unique_id, mark.fingerprint, mark.digest, mark.message_id, mark.message_time,
            coalesce(mark.marked_at, clock_timestamp()), mark.moved_to)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'WB001', MESSAGE = 'marked in the present generation by somebody else';
  END IF;
  RETURN true;
EXCEPTION WHEN SQLSTATE 'WB001' THEN
  RETURN false;
END
$$;

-- What it means that a mark could not be inserted: null when nothing explains it any more, so that it must be tried
-- again.
CREATE OR REPLACE FUNCTION waybill.inbox_repeat(mark waybill.inbox) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  kept waybill.inbox;
BEGIN
  SELECT * INTO kept FROM waybill.inbox o
    WHERE o.consumer = mark.consumer AND o.unique_id = mark.unique_id AND o.fingerprint = mark.fingerprint LIMIT 1;
  IF NOT FOUND THEN
    RETURN (SELECT 'expired' FROM waybill.inbox_bound b
             WHERE b.consumer = mark.consumer AND b.before >= mark.message_time);
  ELSIF kept.moved_to IS NOT NULL THEN
    RETURN 'moved';
  ELSIF kept.digest IS NULL OR mark.digest IS NULL OR kept.digest = mark.digest THEN
    RETURN 'duplicate';
  END IF;
  INSERT INTO waybill.inbox_conflict (consumer, unique_id, fingerprint, kept_digest, kept_message_id, kept_at,
                                      digest, message_id, message_time)
    VALUES (kept.consumer, kept.unique_id, kept.fingerprint, kept.digest, kept.message_id, kept.marked_at,
            mark.digest, mark.message_id, mark.message_time)
    ON CONFLICT DO NOTHING;
  RETURN 'conflict';
END
$$;

-- True when a mark that this transaction's snapshot should see may have been truncated meanwhile: TRUNCATE is seen by
-- old snapshots too, the bound that goes with it is not. The first file number is the snapshot's, the second today's.
CREATE OR REPLACE FUNCTION waybill.inbox_outdated() RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(bool_or(c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)), false)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'waybill.inbox'::regclass
$$;

-- The mark's row as `once` is asked for it.
CREATE OR REPLACE FUNCTION waybill.inbox_row(consumer text, unique_id text, fingerprint text, digest text,
                                             message_id text, persisted_at timestamptz, moved_to text DEFAULT NULL)
  RETURNS waybill.inbox LANGUAGE plpgsql AS $$
DECLARE
  born timestamptz := coalesce(waybill.uuid7_time(message_id), persisted_at);
  mark waybill.inbox;
BEGIN
  IF coalesce(octet_length(consumer), 0) NOT BETWEEN 1 AND 255
     OR coalesce(octet_length(unique_id), 0) NOT BETWEEN 1 AND 255
     OR coalesce(octet_length(fingerprint), 0) NOT BETWEEN 1 AND 255 THEN
    RAISE EXCEPTION 'waybill.once: consumer, unique_id and fingerprint need 1 to 255 bytes each'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF born > clock_timestamp() + interval '1 day' THEN
    born := NULL;  -- a clock that far ahead tells no age, and must not move the bound
  END IF;
  mark := ROW(0, consumer, unique_id, fingerprint, nullif(digest, ''), nullif(message_id, ''), born, NULL, moved_to);
  RETURN mark;
END
$$;

-- Marks in the caller's transaction, or tells what was there before: `new`, `duplicate`, `conflict`, `expired`, or
-- `moved` when another shard decides.
CREATE OR REPLACE FUNCTION waybill.inbox_mark(mark waybill.inbox) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  xid      xid8 := pg_current_xact_id();  -- before the state is read: see the rule on top
  state    bigint;
  previous bigint;
  slot     smallint;
  settled  boolean;
  done     boolean;
  answer   text;
BEGIN
  SELECT last_value INTO state FROM waybill.inbox_state;
  slot := state & 3;
  settled := pg_snapshot_xmin(pg_current_snapshot()) >= (state >> 2)::text::xid8;
  -- A snapshot that two rotations have passed by sees neither the marks made meanwhile nor meets them in the last two.
  -- Read after the state, which changes after it.
  SELECT last_value INTO previous FROM waybill.inbox_previous;
  IF pg_snapshot_xmin(pg_current_snapshot()) < previous::text::xid8 THEN
    RAISE EXCEPTION 'waybill.once: this transaction''s snapshot is older than the marks in use; roll back and try again'
      USING ERRCODE = 'serialization_failure';
  END IF;
  FOR round IN 1..3 LOOP
    IF settled THEN
      done := waybill.inbox_insert(slot, mark);
    ELSE
      done := waybill.inbox_insert_both(slot, mark);
    END IF;
    IF done THEN
      -- Asked after the look into the generations: its locks keep them from being truncated until the transaction ends.
      EXIT WHEN current_setting('transaction_isolation') <> 'read committed' AND waybill.inbox_outdated();
      RETURN 'new';
    END IF;
    answer := waybill.inbox_repeat(mark);
    IF answer IS NOT NULL THEN
      RETURN answer;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'waybill.once: marks were purged meanwhile; roll back and try again'
    USING ERRCODE = 'serialization_failure';
END
$$;

-- Marks an operation as done in the caller's transaction, or tells that it was done before:
--   new        do the effect now, in this transaction
--   duplicate  it was done: skip it
--   conflict   done with other content: skip it; both digests are in waybill.inbox_conflict
--   expired    older than the oldest kept mark: can't be told from a duplicate; skip it and tell a person
-- A second transaction with the same mark waits for the first. Under READ COMMITTED it then answers; under the stricter
-- levels it may raise serialization_failure (40001): roll back and try again. Never raises a unique violation.
-- Call it between BEGIN and COMMIT of the effect: on its own it would mark what nobody did.
CREATE OR REPLACE FUNCTION waybill.once(consumer text, unique_id text, fingerprint text, digest text DEFAULT NULL,
                                        message_id text DEFAULT NULL, persisted_at timestamptz DEFAULT NULL)
  RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text := waybill.inbox_mark(waybill.inbox_row(consumer, unique_id, fingerprint, digest, message_id,
                                                      persisted_at));
BEGIN
  IF answer = 'moved' THEN
    RAISE EXCEPTION 'waybill.once: another shard decides about this operation; ask waybill.once_sharded'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  RETURN answer;
END
$$;

-- True when nobody can still be working with a generation older than the present one.
CREATE OR REPLACE FUNCTION waybill.inbox_settled() RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT pg_snapshot_xmin(pg_current_snapshot()) >= (last_value >> 2)::text::xid8 FROM waybill.inbox_state
$$;

-- One rotation or purge at a time; and not with an old snapshot, which would not see what others have marked.
CREATE OR REPLACE FUNCTION waybill.inbox_upkeep() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RAISE EXCEPTION 'waybill: the inbox is rotated and purged in READ COMMITTED only'
      USING ERRCODE = 'invalid_transaction_state';
  END IF;
  RETURN pg_try_advisory_xact_lock(x'77627862'::int, 0);
END
$$;

-- Opens the next generation of marks, without a wait for anybody. False, and nothing is changed, when its slot still
-- holds marks, when the previous rotation is not settled yet, or when somebody else is at it.
CREATE OR REPLACE FUNCTION waybill.inbox_rotate() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  everybody CONSTANT bigint := (1::bigint << 61) - 1;  -- the bound that nobody's snapshot reaches
  state bigint;
  next  smallint;
  mine  bigint := pg_current_xact_id()::text::bigint;
  fresh bigint;
BEGIN
  IF NOT waybill.inbox_upkeep() THEN
    RETURN false;
  END IF;
  SELECT last_value INTO state FROM waybill.inbox_state;
  next := state & 3;
  IF state >> 2 < everybody THEN  -- else a rotation was cut short: it is completed
    next := (next + 1) & 3;
    IF NOT waybill.inbox_settled() OR EXISTS (SELECT FROM waybill.inbox WHERE generation = next) THEN
      RETURN false;
    END IF;
  END IF;
  IF state >> 2 < everybody THEN
    PERFORM setval('waybill.inbox_previous', state >> 2);
  END IF;
  PERFORM setval('waybill.inbox_state', everybody * 4 + next);
  -- Now take an id that is above those of all who saw the state before: the one of a subtransaction, since this
  -- transaction's own was taken earlier. The handler is what makes the block one.
  BEGIN
    DELETE FROM waybill.inbox_generation g WHERE g.slot = next;
    INSERT INTO waybill.inbox_generation (slot, opened_at) VALUES (next, clock_timestamp())
      RETURNING xmin::text::bigint INTO fresh;
  EXCEPTION WHEN SQLSTATE 'WB001' THEN
    RETURN false;
  END;
  fresh := mine + ((fresh - mine) & 4294967295);  -- xmin has the lower 32 bits only
  PERFORM setval('waybill.inbox_state', fresh * 4 + next);
  RETURN true;
END
$$;

-- Empties a generation when every consumer in it has let go of all its marks there. False when one has not, or when
-- the table is in use for more than 50 ms.
CREATE OR REPLACE FUNCTION waybill.inbox_truncate(slot smallint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  before text := current_setting('lock_timeout');
BEGIN
  IF EXISTS (SELECT FROM waybill.inbox i LEFT JOIN waybill.inbox_bound b ON b.consumer = i.consumer
              WHERE i.generation = slot
                AND (b.before IS NULL OR b.before < coalesce(i.message_time, i.marked_at))) THEN
    RETURN false;
  END IF;
  PERFORM set_config('lock_timeout', '50ms', true);
  EXECUTE format('TRUNCATE waybill.%I', 'inbox_g' || slot);
  PERFORM set_config('lock_timeout', before, true);
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END
$$;

-- Frees the marks of the consumers that match the glob (`*`: any run, `?`: one character) once they are older than the
-- retention, and opens a new generation when it is time. A generation is truncated when every consumer in it has let go
-- of it; until then its marks stay and still answer `duplicate`. Makes nobody wait for longer than 50 ms. Gives the
-- number of marks that are gone. Call it at least twice per retention; a mark is kept
-- for up to one and a half of it, plus the time between two calls.
CREATE OR REPLACE FUNCTION waybill.inbox_purge(consumer_glob text, retention interval) RETURNS bigint
  LANGUAGE plpgsql AS $$
DECLARE
  pattern text := replace(replace(replace(replace(replace(consumer_glob, '\', '\\'), '%', '\%'), '_', '\_'),
                          '*', '%'), '?', '_');
  present smallint;
  gone    bigint := 0;
  marks   bigint;
  newest  timestamptz;
BEGIN
  IF retention < interval '0' THEN
    RAISE EXCEPTION 'waybill.inbox_purge: a retention can''t be negative' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF NOT waybill.inbox_upkeep() THEN
    RETURN 0;
  END IF;
  SELECT last_value & 3 INTO present FROM waybill.inbox_state;
  FOR slot IN 0..3 LOOP
    -- Nobody can still be about to mark in one before the previous: see the rule on top.
    CONTINUE WHEN slot IN (present, (present + 3) & 3) OR NOT waybill.inbox_settled();
    SELECT count(*), max(i.marked_at) INTO marks, newest FROM waybill.inbox i WHERE i.generation = slot;
    CONTINUE WHEN marks = 0 OR newest >= clock_timestamp() - retention;
    INSERT INTO waybill.inbox_bound AS b (consumer, before)
      SELECT i.consumer, max(coalesce(i.message_time, i.marked_at)) FROM waybill.inbox i
       WHERE i.generation = slot AND i.consumer LIKE pattern GROUP BY i.consumer
      ON CONFLICT (consumer) DO UPDATE SET before = greatest(b.before, excluded.before);
    IF waybill.inbox_truncate(slot::smallint) THEN
      gone := gone + marks;
    END IF;
  END LOOP;
  IF (SELECT max(g.opened_at) FROM waybill.inbox_generation g) <= clock_timestamp() - retention / 2 THEN
    PERFORM waybill.inbox_rotate();
  END IF;
  RETURN gone;
END
$$;

-- The optimistic lock: adds 1 to the version when the row still has the expected one.
--   applied  the row is this transaction's now: write its other columns
--   stale    the row has moved on, or is gone: nothing was changed
-- The columns' names are taken as they are written in the catalogue.
CREATE OR REPLACE FUNCTION waybill.bump_version("table" regclass, id_column text, version_column text, id text,
                                                expected bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  id_type text := (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
                    WHERE a.attrelid = "table" AND a.attname = id_column AND a.attnum > 0 AND NOT a.attisdropped);
  changed bigint;
BEGIN
  IF id_type IS NULL THEN
    RAISE EXCEPTION 'waybill.bump_version: % has no column %', "table", quote_ident(id_column)
      USING ERRCODE = 'undefined_column';
  END IF;
  EXECUTE format('UPDATE %s SET %I = %I + 1 WHERE %I = $1::%s AND %I = $2', "table", version_column, version_column,
                 id_column, id_type, version_column) USING id, expected;
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN CASE WHEN changed > 0 THEN 'applied' ELSE 'stale' END;
END
$$;
