
-- Messages that a service publishes itself. Each is a row from the start, held by the service until the broker has
-- answered; one whose service is silent for too long becomes due, and the relay sends it. How long is told by this
-- server's clock alone.

-- FCALL waybill_hold_message 1 STREAM sender milliseconds route who topic key payload headers content_type not_before id
local function hold_message(keys, args)
  local milliseconds, message = tonumber(args[2] or ''), { unpack(args, 5) }
  if not milliseconds then return failure('WBARG', 'waybill_hold_message takes sender, milliseconds, route, who, ...') end
  local refused = unsendable(keys, message)
  if refused then return refused end
  local id = message[7] or ''
  if id == '' then return failure('WBARG', 'a held message needs an id') end
  local lane, now = lane_of(keys), now_ms()
  if redis.call('HEXISTS', lane.ids, id) == 1 then
    return failure('WBARG', "a message with the id '" .. id .. "' waits here already")
  end
  local ticket = new_ticket(lane)
  new_row(lane, ticket, string.format('%.0f-0', now), stored_fields(message), {
    state = 'sending', route = args[3], blocks = '0', attempts = 1, tries = 0, claimed = '0', due = 0,
    reason = 'unanswered', answer = 'being sent by ' .. args[4], changed = now
  })
  redis.call('HSET', row_key(lane, ticket), 'holder', args[1])
  redis.call('ZREM', lane.due, ticket)
  redis.call('ZADD', lane.held, now + milliseconds, ticket)
  return id
end

redis.register_function('waybill_hold_message', hold_message)

-- Held for too long: the relay sends it.
local function release_silent(lane)
  local tickets = redis.call('ZRANGEBYSCORE', lane.held, '-inf', now_ms(), 'LIMIT', 0, 1000)
  for _, ticket in ipairs(tickets) do
    redis.call('ZREM', lane.held, ticket)
    redis.call('HDEL', row_key(lane, ticket), 'holder')
    redis.call('ZADD', lane.due, 0, ticket)
  end
end

-- The ticket of a message that this sender holds still.
local function held_by(lane, sender, id)
  local ticket = redis.call('HGET', lane.ids, id)
  return ticket and redis.call('HGET', row_key(lane, ticket), 'holder') == sender and ticket
end

-- sender, milliseconds, ids: goes on holding them; gives how many it still holds
local function hold_on(keys, args)
  local lane, held = lane_of(keys), 0
  for at = 3, #args do
    local ticket = held_by(lane, args[1], args[at])
    if ticket then
      redis.call('ZADD', lane.held, 'XX', now_ms() + tonumber(args[2]), ticket)
      held = held + 1
    end
  end
  return held
end

redis.register_function { function_name = 'waybill_hold_on', callback = hold_on, flags = { 'allow-oom' } }

local function keep_held(lane, ticket, row, one, now)
  unindex_row(lane, ticket, row)
  row.state, row.reason, row.attempts = one.state, one.reason, one.attempts
  redis.call('HSET', row_key(lane, ticket), 'state', one.state, 'reason', one.reason, 'answer', one.answer, 'attempts',
    one.attempts, 'tries', one.tries, 'due', 0, 'changed', now)
  redis.call('HDEL', row_key(lane, ticket), 'holder')
  row.due = '0'
  index_row(lane, ticket, row)
  if one.wait ~= '0' then
    redis.call('ZREM', lane.due, ticket)
    redis.call('ZADD', lane.held, now + tonumber(one.wait), ticket)
  end
end

local ANSWER = { 'id', 'state', 'attempts', 'tries', 'wait', 'reason', 'answer', 'endpoint' }

-- sender, who, then of each message: as ANSWER says. The state is confirmed or dropped, when it leaves; failed; or
-- sending, when the relay sends it after so many milliseconds. Gives how many were held still.
local function answered(keys, args)
  local lane, now, held = lane_of(keys), now_ms(), 0
  for from = 3, #args, #ANSWER do
    local one = {}
    for offset, name in ipairs(ANSWER) do one[name] = args[from + offset - 1] end
    local ticket = held_by(lane, args[1], one.id)
    local row = ticket and read_state(lane, ticket)
    if row then
      held = held + 1
      local leaves = one.state == 'confirmed' or one.state == 'dropped'
      if one.attempts ~= '0' and one.state ~= 'confirmed' then
        remember(lane, one.id, now, one.attempts, leaves and one.state or one.reason, one.answer, one.endpoint, args[2],
          not leaves)
      end
      if leaves then
        remove_row(lane, ticket, row)
      else
        keep_held(lane, ticket, row, one, now)
      end
    end
  end
  reconsider_touched(lane)
  return held
end

redis.register_function { function_name = 'waybill_answered', callback = answered, flags = { 'allow-oom' } }
