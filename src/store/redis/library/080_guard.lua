
-- The guard: checks, marks and applies the effect of one operation in one step.

local function tag_of(key)
  return string.match(key, '{([^{}]+)}') or key
end

-- Lengths keep `a:b` + `c` apart from `a` + `b:c`.
local function mark_key(tag, consumer, unique_id, fingerprint)
  return 'waybill:mark:{' .. tag .. '}:' .. #consumer .. ':' .. consumer .. ':' .. #unique_id .. ':' .. unique_id .. ':' ..
      fingerprint
end

-- The milliseconds of a UUIDv7, or nil.
local function uuid7_ms(id)
  local high, low = string.match(id, '^(%x%x%x%x%x%x%x%x)%-(%x%x%x%x)%-7%x%x%x%-[89abAB]%x%x%x%-%x+$')
  return high and #id == 36 and tonumber(high .. low, 16) or nil
end

local function wrong_name(part, text)
  if text ~= '' and #text <= 255 then return nil end
  return failure('WBARG', part .. ' has ' .. #text .. ' bytes; 1 to 255 are allowed')
end

-- Of up to 15 digits, since beyond Lua's numbers are not exact, and written as Redis takes it: what it refused in the
-- middle could not be undone.
local function whole_number(text)
  if not text or #text > 15 then return nil end
  return (text == '0' or string.match(text, '^%-?[1-9]%d*$')) and tonumber(text) or nil
end

-- Each effect: how many words it takes after its name, whether it can be done (nil, or what to answer), how.
local EFFECTS = {}

local function number_in(value) return whole_number(value or '0') end

local function checked_take(value, amount)
  local have, wanted = number_in(value), whole_number(amount)
  if not have then return failure('WBARG', 'the value to take from is no whole number of up to 15 digits') end
  if not wanted or wanted < 0 then return failure('WBARG', 'take needs a whole number of 0 or more') end
  if have < wanted then return { 'short', have } end
  return nil
end

EFFECTS.take = {
  words = 1,
  check = function(key, w) return checked_take(redis.call('GET', key) or nil, w[1]) end,
  apply = function(key, w) return redis.call('DECRBY', key, w[1]) end
}
EFFECTS.add = {
  words = 1,
  check = function(key, w)
    if whole_number(w[1]) and number_in(redis.call('GET', key) or nil) then return nil end
    return failure('WBARG', 'add needs a whole number, and a key that holds one')
  end,
  apply = function(key, w) return redis.call('INCRBY', key, w[1]) end
}
EFFECTS.set = {
  words = 1,
  check = function() return nil end,
  apply = function(key, w)
    redis.call('SET', key, w[1])
    return w[1]
  end
}
EFFECTS.hset = {
  words = 2,
  check = function() return nil end,
  apply = function(key, w)
    redis.call('HSET', key, w[1], w[2])
    return w[2]
  end
}
EFFECTS.hadd = {
  words = 2,
  check = function(key, w)
    if whole_number(w[2]) and number_in(redis.call('HGET', key, w[1]) or nil) then return nil end
    return failure('WBARG', 'hadd needs a whole number, and a field that holds one')
  end,
  apply = function(key, w) return redis.call('HINCRBY', key, w[1], w[2]) end
}
EFFECTS.htake = {
  words = 2,
  check = function(key, w) return checked_take(redis.call('HGET', key, w[1]) or nil, w[2]) end,
  apply = function(key, w) return redis.call('HINCRBY', key, w[1], w[2] == '0' and '0' or '-' .. w[2]) end
}
-- Most entries (0: no limit), name of the statement, entity, count of fields, then names and values: for `waybill sync`.
EFFECTS.journal = {
  words = function(args, at) return 4 + 2 * (whole_number(args[at + 3]) or 0) end,
  check = function(key, w)
    local most, count = whole_number(w[1]), whole_number(w[4])
    if not most or not count or count < 0 or #w ~= 4 + 2 * count then
      return failure('WBARG', 'journal needs LIMIT APPLY ENTITY COUNT and so many names and values')
    end
    if most > 0 and redis.call('XLEN', key) >= most then return { 'full', redis.call('XLEN', key) } end
    return nil
  end,
  apply = function(key, w)
    return redis.call('XADD', key, '*', 'apply', w[2], 'entity', w[3], unpack(w, 5))
  end
}

-- A message of the outbox: a count, then so many of the arguments of waybill_send. Its key is the stream of a lane.
EFFECTS.send = {
  words = function(args, at) return 1 + (whole_number(args[at]) or 0) end,
  check = function(key, w)
    if #w ~= 1 + (whole_number(w[1]) or -1) then return failure('WBARG', 'send needs COUNT and so many arguments') end
    return unsendable({ key }, { unpack(w, 2) })
  end,
  apply = function(key, w) return send({ key }, { unpack(w, 2) }) end
}

local KINDS = {
  take = 'string', add = 'string', set = 'any', hset = 'hash', hadd = 'hash', htake = 'hash', journal = 'stream', send = 'stream'
}

local function wrong_type(kind, key)
  local is = redis.call('TYPE', key).ok
  if is == 'none' or KINDS[kind] == 'any' or is == KINDS[kind] then return nil end
  return failure('WRONGTYPE', kind .. ' needs a ' .. KINDS[kind] .. ', and ' .. key .. ' is a ' .. is)
end

-- The effects as a list of { effect, key, words }, or the error.
local function read_effects(keys, args, at)
  local effects = {}
  while at <= #args do
    local effect, key = EFFECTS[args[at]], keys[whole_number(args[at + 1]) or 0]
    if not effect then
      return nil, failure('WBARG', "unknown effect '" .. args[at] .. "'; there are take, add, set, hset, hadd, htake, journal, send")
    end
    if not key then return nil, failure('WBARG', args[at] .. ' needs the number of one of the keys, from 1') end
    local count = type(effect.words) == 'function' and effect.words(args, at + 2) or effect.words
    if at + 1 + count > #args then return nil, failure('WBARG', args[at] .. ' lacks words') end
    effects[#effects + 1] = { effect, key, { unpack(args, at + 2, at + 1 + count) }, args[at] }
    at = at + 2 + count
  end
  return effects, nil
end

-- The second of two effects would be checked against what the first has changed by then: a key takes one, a hash one for
-- each field, a stream any number.
local function clashes(seen, one)
  local kind, key = KINDS[one[4]], one[2]
  local before = seen[key] or { kind = kind }
  local field = kind == 'hash' and 'f' .. one[3][1] or ''
  local clash = before.kind ~= kind or (kind ~= 'stream' and before[field])
  before[field], seen[key] = true, before
  return clash
end

-- What cannot be done is found before anything is: a function has no rollback.
local function check_effects(effects)
  local seen = {}
  for _, one in ipairs(effects) do
    local refused = wrong_type(one[4], one[2]) or one[1].check(one[2], one[3])
    if refused then return refused end
    if clashes(seen, one) then return failure('WBARG', 'two effects on ' .. one[2] .. ' in one call') end
  end
  return nil
end

local function keep_conflict(tag, mark, kept, args, retention)
  local key = 'waybill:conflict:' .. string.sub(mark, #'waybill:mark:' + 1)
  redis.call('HSET', key, 'first', kept, 'second', args[4], 'message_id', args[5], 'at', now_ms())
  redis.call('PEXPIRE', key, retention)
end

-- What is answered before any effect is looked at, or nil: the operation is new.
local function known_answer(tag, mark, args, retention)
  local kept = redis.call('GET', mark)
  if kept then
    if kept ~= '' and args[4] ~= '' and kept ~= args[4] then
      keep_conflict(tag, mark, kept, args, retention)
      return { 'conflict' }
    end
    return { 'duplicate' }
  end
  local born = uuid7_ms(args[5])
  if born and born < now_ms() - retention then return { 'expired' } end
  return nil
end

-- FCALL waybill_apply N KEY... consumer unique_id fingerprint digest message_id retention_seconds [EFFECT KEYNUMBER WORD...]...
--
-- Answers `new` with what each effect gave; `duplicate`, `conflict` (same operation, other digest; kept for a person),
-- `expired` (the message is older than marks are kept); `short` (a take would go below zero) or `full` (the journal has
-- reached its limit), with the value that was found: then nothing was applied or marked, and it may be tried again.
local function apply(keys, args)
  if #keys == 0 or #args < 6 then
    return failure('WBARG', 'waybill_apply takes at least one key, and consumer, unique_id, fingerprint, digest, message_id, ' ..
      'retention_seconds')
  end
  local wrong = wrong_name('consumer', args[1]) or wrong_name('unique_id', args[2]) or wrong_name('fingerprint', args[3])
  if wrong then return wrong end
  local seconds = whole_number(args[6])
  if not seconds or seconds < 1 or seconds > 315360000 then
    return failure('WBARG', 'retention_seconds must be 1 to 315360000')
  end
  local tag, retention = tag_of(keys[1]), seconds * 1000
  local mark = mark_key(tag, args[1], args[2], args[3])
  local known = known_answer(tag, mark, args, retention)
  if known then return known end
  local effects, malformed = read_effects(keys, args, 7)
  local refused = malformed or check_effects(effects)
  if refused then return refused end
  redis.call('SET', mark, args[4], 'PX', retention)
  local answer = { 'new' }
  for _, one in ipairs(effects) do answer[#answer + 1] = one[1].apply(one[2], one[3]) end
  return answer
end

redis.register_function('waybill_apply', apply)
