-- Bulk acts of operators, in lane 0: `operation:ID` is a hash (revision, document, created, changed), `operation:ID:results`
-- a list (message id, result, message id, ...), `operations` the ids, sorted.

local function operation_key(lane, id) return lane.prefix .. 'operation:' .. id end

local function keep(lane, id)
  redis.call('PEXPIRE', operation_key(lane, id), KEPT_MS)
  redis.call('PEXPIRE', operation_key(lane, id) .. ':results', KEPT_MS)
end

-- id, document; forgets the ids of those that are gone
local function add_operation(keys, args)
  local lane, now = lane_of(keys), now_ms()
  if redis.call('EXISTS', operation_key(lane, args[1])) == 1 then return 0 end
  for _, id in ipairs(redis.call('ZRANGEBYLEX', lane.operations, '-', '+', 'LIMIT', 0, 10)) do
    if redis.call('EXISTS', operation_key(lane, id)) == 0 then redis.call('ZREM', lane.operations, id) end
  end
  redis.call('HSET', operation_key(lane, args[1]), 'revision', 1, 'document', args[2], 'created',
    string.format('%.0f', now), 'changed', string.format('%.0f', now))
  redis.call('ZADD', lane.operations, 0, args[1])
  keep(lane, args[1])
  return 1
end

redis.register_function('waybill_add_operation', add_operation)

-- id, revision, document, then message id and result of each; gives 1, or 0 when the revision is another
local function change_operation(keys, args)
  local lane = lane_of(keys)
  local key = operation_key(lane, args[1])
  if redis.call('HGET', key, 'revision') ~= args[2] then return 0 end
  redis.call('HSET', key, 'revision', string.format('%.0f', tonumber(args[2]) + 1), 'document', args[3], 'changed',
    string.format('%.0f', now_ms()))
  for at = 4, #args, 2 do redis.call('RPUSH', key .. ':results', args[at], args[at + 1]) end
  keep(lane, args[1])
  return 1
end

redis.register_function('waybill_change_operation', change_operation)

-- id or empty, before or empty, limit; gives id, revision, document, created, age of each, newest first
local function operations(keys, args)
  local lane, now, found = lane_of(keys), now_ms(), {}
  local ids = { args[1] }
  if args[1] == '' then
    ids = redis.call('ZREVRANGEBYLEX', lane.operations, args[2] == '' and '+' or '(' .. args[2], '-', 'LIMIT', 0, args[3])
  end
  for _, id in ipairs(ids) do
    local one = redis.call('HMGET', operation_key(lane, id), 'revision', 'document', 'created', 'changed')
    if one[1] then found[#found + 1] = { id, one[1], one[2], one[3], string.format('%.0f', now - tonumber(one[4])) } end
  end
  return found
end

redis.register_function { function_name = 'waybill_operations', callback = operations, flags = { 'no-writes' } }
