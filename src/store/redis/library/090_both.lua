
-- Redis and SQL, both or neither: the SQL transaction decides. What can be undone is done when it is reserved, the rest
-- when it is completed; a reservation that nobody completed is settled by what SQL says.

local UNDO = {
  take = function(key, w) redis.call('INCRBY', key, w[1]) end,
  add = function(key, w) redis.call('DECRBY', key, w[1]) end,
  htake = function(key, w) redis.call('HINCRBY', key, w[1], w[2]) end,
  hadd = function(key, w)
    local amount = string.sub(w[2], 1, 1) == '-' and string.sub(w[2], 2) or (w[2] == '0' and '0' or '-' .. w[2])
    redis.call('HINCRBY', key, w[1], amount)
  end
}

-- Everything about one operation, or the error.
local function operation_of(keys, args)
  local wrong = wrong_name('consumer', args[1] or '') or wrong_name('unique_id', args[2] or '') or
      wrong_name('fingerprint', args[3] or '')
  if wrong then return nil, wrong end
  local tag = tag_of(keys[1])
  local mark = mark_key(tag, args[1], args[2], args[3])
  local name = string.sub(mark, #'waybill:mark:' + 1)
  return { tag = tag, mark = mark, name = name, pending = 'waybill:reserved:' .. name,
    all = 'waybill:pending:{' .. tag .. '}' }, nil
end

-- FCALL waybill_reserve N KEY... consumer unique_id fingerprint digest message_id retention_seconds [EFFECT ...]...
--
-- As waybill_apply, but the operation is only reserved: `reserved`, the attempt's id, what each effect gave (nothing yet
-- for those that wait for completion). `pending`, the attempt's id and its age in milliseconds: reserved already.
local function reserve(keys, args)
  if #keys == 0 or #args < 6 then
    return failure('WBARG', 'waybill_reserve takes at least one key, and consumer, unique_id, fingerprint, digest, ' ..
      'message_id, retention_seconds')
  end
  local operation, wrong = operation_of(keys, args)
  if wrong then return wrong end
  local seconds = whole_number(args[6])
  if not seconds or seconds < 1 or seconds > 315360000 then
    return failure('WBARG', 'retention_seconds must be 1 to 315360000')
  end
  local known = known_answer(operation.tag, operation.mark, args, seconds * 1000)
  if known then return known end
  local now = now_ms()
  local waiting = redis.call('HMGET', operation.pending, 'attempt', 'at')
  if waiting[1] then return { 'pending', waiting[1], now - tonumber(waiting[2]) } end
  local effects, malformed = read_effects(keys, args, 7)
  local refused = malformed or check_effects(effects)
  if refused then return refused end
  -- Never the same twice, even by a server that has lost its last second: SQL marks each attempt.
  local time = redis.call('TIME')
  local attempt = redis.sha1hex(operation.mark) .. ':' .. time[1] .. '.' .. time[2]
  local answer, kept = { 'reserved', attempt }, {}
  redis.call('ZADD', operation.all, now, operation.name)
  for at, one in ipairs(effects) do
    kept[at] = { one[4], one[2], one[3] }
    answer[#answer + 1] = UNDO[one[4]] and one[1].apply(one[2], one[3]) or ''
  end
  redis.call('HSET', operation.pending, 'attempt', attempt, 'at', now, 'digest', args[4], 'retention', seconds * 1000,
    'consumer', args[1], 'unique_id', args[2], 'fingerprint', args[3], 'effects', cmsgpack.pack(kept))
  return answer
end

redis.register_function('waybill_reserve', reserve)

-- The reservation of this attempt, or what to answer.
local function reserved_by(operation, attempt)
  local kept = redis.call('HMGET', operation.pending, 'attempt', 'effects', 'digest', 'retention')
  if kept[1] == attempt then return kept, nil end
  return nil, { redis.call('EXISTS', operation.mark) == 1 and 'duplicate' or 'gone' }
end

local function end_reservation(operation)
  redis.call('DEL', operation.pending)
  redis.call('ZREM', operation.all, operation.name)
end

-- FCALL waybill_complete 1 KEY consumer unique_id fingerprint attempt: after the SQL transaction has committed.
-- Answers `done`; `duplicate`: it was done before; `gone`: this attempt was released.
local function complete(keys, args)
  local operation, wrong = operation_of(keys, args)
  if wrong then return wrong end
  local kept, answer = reserved_by(operation, args[4])
  if answer then return answer end
  local effects = cmsgpack.unpack(kept[2])
  for _, one in ipairs(effects) do
    local refused = not UNDO[one[1]] and wrong_type(one[1], one[2])
    if refused then return refused end
  end
  redis.call('SET', operation.mark, kept[3], 'PX', kept[4])
  for _, one in ipairs(effects) do
    if not UNDO[one[1]] then EFFECTS[one[1]].apply(one[2], one[3]) end
  end
  end_reservation(operation)
  return { 'done' }
end

redis.register_function('waybill_complete', complete)

-- FCALL waybill_release 1 KEY consumer unique_id fingerprint attempt: after the SQL transaction has certainly rolled back.
-- Answers `released`, `duplicate` or `gone`. The operation may be reserved again.
local function release(keys, args)
  local operation, wrong = operation_of(keys, args)
  if wrong then return wrong end
  local kept, answer = reserved_by(operation, args[4])
  if answer then return answer end
  for _, one in ipairs(cmsgpack.unpack(kept[2])) do
    if UNDO[one[1]] then UNDO[one[1]](one[2], one[3]) end
  end
  end_reservation(operation)
  return { 'released' }
end

redis.register_function { function_name = 'waybill_release', callback = release, flags = { 'allow-oom' } }

-- FCALL_RO waybill_pending 1 {TAG} age_ms count: reservations that are older; gives consumer, unique_id, fingerprint,
-- attempt, age in milliseconds of each
local function pending(keys, args)
  local tag, now, found = tag_of(keys[1]), now_ms(), {}
  local names = redis.call('ZRANGEBYSCORE', 'waybill:pending:{' .. tag .. '}', '-inf', now - tonumber(args[1]), 'LIMIT', 0,
    args[2])
  for _, name in ipairs(names) do
    local kept = redis.call('HMGET', 'waybill:reserved:' .. name, 'consumer', 'unique_id', 'fingerprint', 'attempt', 'at')
    if kept[1] then found[#found + 1] = { kept[1], kept[2], kept[3], kept[4], now - tonumber(kept[5]) } end
  end
  return found
end

redis.register_function { function_name = 'waybill_pending', callback = pending, flags = { 'no-writes' } }
