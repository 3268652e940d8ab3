
-- What became of messages, all of it in one step. What is new is written before what is old goes.

local function remove_entries(lane, entries)
  for from = 1, #entries, 1000 do
    local some = { unpack(entries, from, math.min(from + 999, #entries)) }
    redis.call('XACK', lane.stream, GROUP, unpack(some))
    redis.call('XDEL', lane.stream, unpack(some))
  end
end

local function change_scope(lane, kind, scope, behind)
  if kind == 'release' then
    redis.call('HDEL', lane.scopes, scope)
  else
    local after = redis.call('HGET', lane.scopes, scope)
    if kind == 'block' then
      redis.call('HSET', lane.scopes, scope, behind)
    elseif after and behind > after then
      redis.call('HSET', lane.scopes, scope, behind)
    end
  end
end

-- What was put off or held behind a stopped route was not sent: it may wait for weeks and must write nothing.
local function was_tried(one)
  return one.reason ~= 'delayed' and one.reason ~= 'route_stopped' and one.reason ~= 'set_aside'
end

local function remember_settled(lane, one, id, outcome, now, holder, stays)
  remember(lane, id, now, one.attempt, outcome, one.answer, one.endpoint, holder, stays)
end

local function keep_new(lane, one, values, now, holder)
  local list = entry_fields(lane, one.entry)
  if not list then
    add_lost(lane, one.ticket, one.entry, now, LOST_PENDING)
    return
  end
  if one.maybe_sent == '1' and tonumber(values.attempts) < 1 then values.attempts = 1 end
  new_row(lane, one.ticket, one.entry, list, values)
  if was_tried(one) then remember_settled(lane, one, values.id, one.reason, now, holder, true) end
end

local function keep_again(lane, one, values, now, holder)
  local row = read_state(lane, one.ticket)
  if not row then return end
  unindex_row(lane, one.ticket, row)
  for name, value in pairs(values) do
    redis.call('HSET', row_key(lane, one.ticket), name, value)
    row[name] = value
  end
  index_row(lane, one.ticket, row)
  if was_tried(one) then remember_settled(lane, one, row.id, one.reason, now, holder, true) end
end

local function keep(lane, one, state, now, holder)
  local values = {
    state = state, route = one.route, blocks = one.blocks, attempts = one.attempt, tries = one.tries, claimed = '0',
    due = state == 'sending' and one.due or 0, reason = one.reason, answer = one.answer, changed = now
  }
  if one.entry == '' then
    keep_again(lane, one, values, now, holder)
  else
    keep_new(lane, one, values, now, holder)
  end
  if one.unanswered == '1' then
    -- In flight still: it counts as handed out.
    redis.call('ZADD', one.reason == 'route_stopped' and lane.stopped or lane.due, 'XX', OUT, one.ticket)
  end
end

-- Gives whether the entry has to leave the stream.
local function park(lane, one, clock, now, holder)
  local list = entry_fields(lane, one.entry)
  if not list then
    add_lost(lane, one.ticket, one.entry, now, LOST_PENDING)
    return true
  end
  local key = fields_of(list).key
  if key and (key == '' or #key > 255) then key = nil end
  local of_route = redis.call('HGET', lane.scopes, 'r\0' .. one.route)
  local of_key = key and redis.call('HGET', lane.scopes, scope_of_key(one.route, key))
  if not (of_route and one.ticket > of_route) and not (of_key and one.ticket > of_key) then
    -- Its scope's backlog has gone past it: no backlog would ever hand it out.
    one.reason, one.due = 'delayed', clock
    keep(lane, one, 'sending', now, holder)
    return true
  end
  redis.call('HSET', lane.parked, one.ticket, cmsgpack.pack({ one.entry, one.route, key }))
  redis.call('ZADD', lane.waiting, 0, 'r\0' .. one.route .. '\0' .. one.ticket)
  if key then
    redis.call('ZADD', lane.waiting, 0, scope_of_key(one.route, key) .. '\0' .. one.ticket)
  end
  redis.call('XACK', lane.stream, GROUP, one.entry)
  return false
end

local function leave(lane, one, now, holder)
  if one.entry ~= '' then
    if one.verdict ~= 'dropped' then return end
    local list = entry_fields(lane, one.entry)
    local fields = fields_of(list or {})
    local id = (fields.id and fields.id ~= '') and fields.id or
        uuid_of(one.entry, redis.call('HGET', lane.lane, 'salt'))
    remember_settled(lane, one, id, 'dropped', now, holder, false)
    return
  end
  local row = read_state(lane, one.ticket)
  if not row then return end
  remember_settled(lane, one, row.id, one.verdict, now, holder, false)
  remove_row(lane, one.ticket, row)
end

local ONE = { 'ticket', 'entry', 'verdict', 'attempt', 'tries', 'due', 'blocks', 'maybe_sent', 'unanswered', 'route',
  'reason', 'answer', 'endpoint' }

local function settle_one(lane, one, clock, now, holder, gone)
  local leaves = true
  if one.entry ~= '' then unpark(lane, one.ticket) end
  if one.verdict == 'parked' then
    leaves = park(lane, one, clock, now, holder)
  elseif one.verdict == 'retry' then
    keep(lane, one, 'sending', now, holder)
  elseif one.verdict == 'failed' then
    keep(lane, one, 'failed', now, holder)
  else
    leave(lane, one, now, holder)
  end
  if leaves and one.entry ~= '' then gone[#gone + 1] = one.entry end
end

local function stop_cleanly(lane)
  local formerly = redis.call('HGET', lane.lane, 'formerly') or '0-0'
  -- What an owner before this one may have sent keeps its flag for as long as it waits here.
  if #redis.call('XRANGE', lane.stream, '-', formerly, 'COUNT', 1) == 0 then formerly = '0-0' end
  redis.call('HSET', lane.lane, 'clean', '1', 'formerly', formerly)
end

-- fence, clock, holder, suspect, clean stop, count of changed scopes, of confirmed entries, of others; then those: scopes
-- as kind, scope, ticket; entries; others as ONE says.
local function settle(lane, args)
  local now, holder, at = now_ms(), args[3], 9
  local gone = {}
  if tonumber(args[2]) > tonumber(redis.call('HGET', lane.lane, 'clock') or '0') then
    redis.call('HSET', lane.lane, 'clock', args[2])
  end
  local marked = redis.call('HGET', lane.lane, 'suspect')
  if marked and marked ~= args[4] then redis.call('HDEL', lane.lane, 'suspect', 'suspect_fence') end
  for _ = 1, tonumber(args[6]) do
    change_scope(lane, args[at], args[at + 1], args[at + 2])
    lane.touched[args[at + 1]] = true
    at = at + 3
  end
  for number = 1, tonumber(args[7]) do gone[number] = args[at + number - 1] end
  at = at + tonumber(args[7])
  for _ = 1, tonumber(args[8]) do
    local one = {}
    for offset, name in ipairs(ONE) do one[name] = args[at + offset - 1] end
    at = at + #ONE
    settle_one(lane, one, args[2], now, holder, gone)
  end
  reconsider_touched(lane)
  remove_entries(lane, gone)
  if args[5] == '1' then stop_cleanly(lane) end
  return redis.status_reply('OK')
end

register_owned('waybill_settle', settle)
