-- The inbox spread over several databases, the shards. A unique ID belongs to the shard whose SHA-256 of
-- '<shard>/<unique ID>' is the greatest, so a shard that is added takes over its own share and moves nothing else. The
-- effect is made in the database that marks it, in the same transaction.
--
-- A shard is added while consumers run, and each of them learns of it when it likes. What keeps an operation from being
-- done at two shards is the unique mark at the one that decided before: until the new shard has all marks of its share,
-- it does nothing before the former one has answered `new` and marked, durably, that the operation has moved. Whoever
-- still asks the former one is sent on. The marks themselves are copied in the background; they can be complete once
-- every transaction has ended that knew the former map only, and then nobody is asked any more.
--
-- A consumer's role needs, besides what the inbox needs: SELECT on waybill.shard_map and waybill.shard_state.

-- The version of the map in force. A sequence, because its value is read as it is now, whatever snapshot the reader has.
CREATE SEQUENCE IF NOT EXISTS waybill.shard_state MINVALUE 0 START 0;

CREATE TABLE IF NOT EXISTS waybill.shard_map (
  version bigint PRIMARY KEY,
  shards  text[] NOT NULL,
  own     text   NOT NULL,  -- this database among them
  former  text[],           -- the map before this one, as long as not all marks of the share are here
  since   xid8              -- who knows an older map only has a transaction id below
);

CREATE OR REPLACE FUNCTION waybill.shard_owner(shards text[], unique_id text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT shard FROM unnest(shards) shard
   ORDER BY sha256(convert_to(shard || '/' || unique_id, 'UTF8')) DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION waybill.shard_map_in_force() RETURNS waybill.shard_map LANGUAGE plpgsql AS $$
DECLARE
  in_force bigint;
  map      waybill.shard_map;
BEGIN
  SELECT last_value INTO in_force FROM waybill.shard_state;
  SELECT * INTO map FROM waybill.shard_map m WHERE m.version = in_force;
  IF in_force = 0 THEN
    RAISE EXCEPTION 'waybill: this database is no shard yet; run `waybill inbox shards apply`'
      USING ERRCODE = 'object_not_in_prerequisite_state';
  ELSIF map.version IS NULL THEN
    RAISE EXCEPTION 'waybill: a shard was added after this transaction''s snapshot; roll back and try again'
      USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN map;
END
$$;

-- Like waybill.once, for a shard. Two more answers, both without an effect to be made here and now:
--   at:<shard>   that shard decides: roll back, and go on there
--   ask:<shard>  marked here, but that shard decided before: call waybill.shard_hand_over there, in a transaction of
--                its own; when it answers `new`, this transaction may make the effect, else do as it says
CREATE OR REPLACE FUNCTION waybill.once_sharded(consumer text, unique_id text, fingerprint text,
                                                digest text DEFAULT NULL, message_id text DEFAULT NULL,
                                                persisted_at timestamptz DEFAULT NULL)
  RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  xid    xid8 := pg_current_xact_id();  -- before the map is read, so that `since` is above the ids of who knows less
  map    waybill.shard_map := waybill.shard_map_in_force();
  owner  text := waybill.shard_owner(map.shards, unique_id);
  mark   waybill.inbox;
  answer text;
BEGIN
  IF owner <> map.own THEN
    RETURN 'at:' || owner;
  END IF;
  mark := waybill.inbox_row(consumer, unique_id, fingerprint, digest, message_id, persisted_at);
  answer := waybill.inbox_mark(mark);
  IF answer = 'moved' THEN  -- a shard was added that this one has not been told of yet
    RETURN (SELECT 'at:' || i.moved_to FROM waybill.inbox i
             WHERE i.consumer = mark.consumer AND i.unique_id = mark.unique_id
               AND i.fingerprint = mark.fingerprint LIMIT 1);
  END IF;
  IF answer <> 'new' OR map.former IS NULL THEN
    RETURN answer;
  END IF;
  RETURN 'ask:' || waybill.shard_owner(map.former, unique_id);
END
$$;

-- Asked of the shard that decided before, by the one that decides now: `new` when the operation was not done here and
-- never will be, once this transaction is committed; else what waybill.once answers.
CREATE OR REPLACE FUNCTION waybill.shard_hand_over(new_owner text, consumer text, unique_id text, fingerprint text,
                                                   digest text DEFAULT NULL, message_id text DEFAULT NULL,
                                                   persisted_at timestamptz DEFAULT NULL)
  RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  answer text := waybill.inbox_mark(waybill.inbox_row(consumer, unique_id, fingerprint, digest, message_id,
                                                      persisted_at, new_owner));
BEGIN
  RETURN CASE answer WHEN 'moved' THEN 'new' ELSE answer END;
END
$$;

-- True when nobody works any more with a map older than the one in force.
CREATE OR REPLACE FUNCTION waybill.shard_settled() RETURNS boolean LANGUAGE sql VOLATILE AS $$
  SELECT coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= m.since, false)
    FROM waybill.shard_map m, waybill.shard_state s WHERE m.version = s.last_value
$$;

-- Marks of `shard`'s share that this shard still has, after the operation named, as a JSON array of rows.
CREATE OR REPLACE FUNCTION waybill.shard_share(shard text, after_consumer text, after_unique_id text,
                                               after_fingerprint text, most integer)
  RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(to_jsonb(page) ORDER BY page.consumer, page.unique_id, page.fingerprint), '[]')
    FROM (SELECT i.* FROM waybill.inbox i, waybill.shard_map_in_force() m
           WHERE (i.consumer, i.unique_id, i.fingerprint) > (after_consumer, after_unique_id, after_fingerprint)
             AND i.moved_to IS NULL AND waybill.shard_owner(m.shards, i.unique_id) = shard
           ORDER BY i.consumer, i.unique_id, i.fingerprint LIMIT most) page
$$;

-- Takes such rows over; those that are here already stay as they are. Gives how many came.
CREATE OR REPLACE FUNCTION waybill.shard_take(rows jsonb) RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT count(*) FILTER (WHERE waybill.inbox_mark(mark) = 'new')
    FROM jsonb_populate_recordset(NULL::waybill.inbox, rows) mark
$$;
