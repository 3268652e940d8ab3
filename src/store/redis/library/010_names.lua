#!lua name=waybill
-- Waybill's Redis functions: each is one atomic step of the store. The first key is always a lane's stream,
-- `{waybill:LANE}:outbox`; all other keys of the lane share its hash tag, and so its place in a cluster.
--
-- A message is an entry of the stream until it is confirmed or needs more: its fields are topic (required), key,
-- payload, headers (a JSON object of strings), content_type, not_before (Unix milliseconds) and id. The group's list of
-- pending entries is what was handed out to a relay and is not settled. What must be tried again, or has failed, becomes
-- a row: a hash with the entry's fields (each behind `m.`) and what is known about it.

local VERSION = 3
local GROUP = 'waybill'
local CONSUMER = 'relay'
-- The due time of a retry that is handed out: beyond every clock.
local OUT = 9007199254740991
local KEPT_MS = 30 * 86400000
local REPORTS_KEPT = 1000
local OWNER_MS = 12000
-- Entries of this size are read one by one.
local LARGE = 65536

local function failure(code, text)
  return redis.error_reply(code .. ' ' .. text)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- A lane: any other name stands for the key of that name. Made when it is asked for, since most steps need few of them.
local LANE = {
  __index = function(lane, name)
    local key = lane.prefix .. name
    lane[name] = key
    return key
  end
}

-- The lane of a stream, or nil when the stream is none of Waybill's.
local function lane_of(keys)
  local prefix, number = string.match(keys[1] or '', '^({waybill:(%d+)}:)outbox$')
  if not prefix then return nil end
  return setmetatable({ number = tonumber(number), stream = keys[1], prefix = prefix, touched = {} }, LANE)
end

local function row_key(lane, ticket) return lane.prefix .. 'row:' .. ticket end
local function history_key(lane, id) return lane.prefix .. 'history:' .. id end

local function split_entry(entry)
  local ms, seq = string.match(entry, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

-- 2020-01-01: milliseconds since then take 41 bits until 2089.
local EPOCH_MS = 1577836800000
local MOST_MS = 2199023255552
local MOST_SEQ = 262144

-- A ticket is 64 bits, in 16 hexadecimal digits so that tickets sort as their messages do: 0, 41 bits of milliseconds,
-- 18 of the number within one, 4 of the lane. Nil: the entry's id does not fit.
local function ticket_of(lane, entry)
  local ms, seq = split_entry(entry)
  ms = ms - EPOCH_MS
  if ms < 0 or ms >= MOST_MS or seq >= MOST_SEQ then return nil end
  return string.format('%08x%08x', math.floor(ms / 1024), (ms % 1024) * 4194304 + seq * 16 + lane.number)
end

-- For what has no ticket by its entry: 1, a number that rises, 4 bits of the lane.
local function new_ticket(lane)
  local number = redis.call('HINCRBY', lane.lane, 'tickets', 1)
  return string.format('%08x%08x', 2147483648 + math.floor(number / 268435456), (number % 268435456) * 16 + lane.number)
end

-- The UUIDv7 of an entry that names no id: its milliseconds, its number, the lane's own random digits.
local function uuid_of(entry, salt)
  local ms, seq = split_entry(entry)
  return string.format('%08x-%04x-7%03x-%04x-%s', math.floor(ms / 65536), ms % 65536, seq % 4096,
    32768 + math.floor(seq / 4096) % 16384, salt)
end

-- The fields of an entry as a table; of a field that is there twice, the last counts.
local function fields_of(list)
  local fields = {}
  for at = 1, #list, 2 do fields[list[at]] = list[at + 1] end
  return fields
end

local function entry_fields(lane, entry)
  local found = redis.call('XRANGE', lane.stream, entry, entry)
  return found[1] and found[1][2]
end

-- Nil, or the error to answer with: the lane is another relay's, or its keys are gone.
local function not_owned(lane, fence)
  if not lane then return failure('WBARG', 'the key must be a lane\'s stream, {waybill:0}:outbox for example') end
  local held = redis.call('HMGET', lane.lane, 'fence', 'version')
  if not held[2] then
    return failure('WBSCHEMA', 'the keys of lane ' .. lane.number .. ' are gone: whatever waited there is lost')
  end
  if held[1] ~= fence then return failure('WBLOST', 'lane ' .. lane.number .. ' has another owner') end
  if redis.call('PEXPIRE', lane.owner, OWNER_MS) == 0 then
    local owner = redis.call('HMGET', lane.lane, 'session', 'holder')
    redis.call('SET', lane.owner, fence .. ' ' .. (owner[1] or '') .. ' ' .. (owner[2] or ''), 'PX', OWNER_MS)
  end
  return nil
end

-- A step that only the lane's owner may do: its first argument is the owner's number. It may run with no memory left,
-- since settling is what makes room.
local function register_owned(name, step)
  local function callback(keys, args)
    local lane = lane_of(keys)
    return not_owned(lane, args[1]) or step(lane, args)
  end
  redis.register_function { function_name = name, callback = callback, flags = { 'allow-oom' } }
end
