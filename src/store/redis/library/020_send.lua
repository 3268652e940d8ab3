
-- FCALL waybill_send 1 {waybill:0}:outbox topic [key [payload [headers [content_type [not_before [id]]]]]]
--
-- Persists a message and gives its id; what is empty is as if it were not there. Inside MULTI it stands and falls with
-- the other commands, so it refuses nothing that it could store: what no broker can take becomes a failed message.
local SEND_FIELDS = { 'topic', 'key', 'payload', 'headers', 'content_type', 'not_before', 'id' }

-- Why it can't be persisted, or nil and the lane's salt.
local function unsendable(keys, args)
  local lane = lane_of(keys)
  if not lane or #keys ~= 1 then
    return failure('WBARG', 'waybill_send takes one key, the stream of a lane: {waybill:0}:outbox')
  end
  if #args < 1 or #args > #SEND_FIELDS then
    return failure('WBARG', 'waybill_send takes topic, key, payload, headers, content_type, not_before, id, in this order')
  end
  local salt = redis.call('HGET', lane.lane, 'salt')
  if not salt then
    return failure('WBSCHEMA', 'there is no lane ' .. lane.number .. ' here; run `waybill migrate`')
  end
  return nil, salt
end

-- What is stored of the arguments: all but those that are empty.
local function stored_fields(args)
  local fields = {}
  for at, value in ipairs(args) do
    if value ~= '' or at == 1 then
      fields[#fields + 1] = SEND_FIELDS[at]
      fields[#fields + 1] = value
    end
  end
  return fields
end

local function send(keys, args)
  local refused, salt = unsendable(keys, args)
  if refused then return refused end
  local entry = redis.call('XADD', keys[1], '*', unpack(stored_fields(args)))
  if args[7] and args[7] ~= '' then return args[7] end
  return uuid_of(entry, salt)
end

redis.register_function('waybill_send', send)
