
-- What a session is handed out: new entries, due retries, the backlog of a scope.

-- An entry as the relay gets it: fields that are too long to be carried are told by their length.
local function carried(list, most_payload, prefix)
  local most = { [prefix .. 'payload'] = most_payload, [prefix .. 'headers'] = 1048576 }
  local bytes = 0
  for at = 1, #list, 2 do
    local length = #list[at + 1]
    if length > (most[list[at]] or length) then
      list[at + 1] = length
    else
      bytes = bytes + length
    end
  end
  return bytes
end

local function read_group(lane, count, from)
  local found = redis.call('XREADGROUP', 'GROUP', GROUP, CONSUMER, 'COUNT', count, 'STREAMS', lane.stream, from)
  return found and found[1] and found[1][2] or {}
end

local function unpark(lane, ticket)
  local packed = redis.call('HGET', lane.parked, ticket)
  if not packed then return end
  local _, route, key = unpack(cmsgpack.unpack(packed))
  redis.call('HDEL', lane.parked, ticket)
  redis.call('ZREM', lane.waiting, 'r\0' .. route .. '\0' .. ticket)
  if key then redis.call('ZREM', lane.waiting, scope_of_key(route, key) .. '\0' .. ticket) end
end

-- A pending entry that is parked too was handed out as backlog: it waits there again.
local function waits_parked(lane, entry)
  local ticket = ticket_of(lane, entry)
  if not ticket or redis.call('HEXISTS', lane.parked, ticket) == 0 then return false end
  redis.call('XACK', lane.stream, GROUP, entry)
  return true
end

-- Many at once, unless they are large: what is read is in the server's memory twice for a moment.
local function chunk_of(left, average)
  return math.min(left, average > LARGE and 1 or 16)
end

-- fence, most messages, most bytes, most bytes of a payload, where to read pending entries from (or empty)
-- gives: where to read pending entries from next (or empty), the last id read, whether there may be more, the entries
local function fetch(lane, args)
  local most, most_bytes, most_payload = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  local pending, last, bytes, average, fresh = args[5], '', 0, 0, 0
  local entries, full = {}, false
  while #entries < most and not full do
    local again = pending ~= ''
    local read = read_group(lane, chunk_of(most - #entries, average), again and pending or '>')
    if not again then fresh = fresh + #read end
    if #read > 0 and not again then last = read[#read][1] end
    if #read == 0 and not again then break end
    if #read == 0 then pending = '' end
    for _, entry in ipairs(read) do
      local size = entry[2] and carried(entry[2], most_payload, '') or 0
      if #entries > 0 and bytes + size > most_bytes then
        -- The rest is pending now: it comes again with the next call.
        full = true
        break
      end
      if not (again and waits_parked(lane, entry[1])) then
        bytes = bytes + size
        average = bytes / (#entries + 1)
        entries[#entries + 1] = { entry[1], entry[2] or false }
      end
      if again then pending = entry[1] end
    end
    if full and not again then pending = entries[#entries][1] end
  end
  if fresh > 0 then
    redis.call('HINCRBY', lane.lane, 'seen', fresh)
    redis.call('HSET', lane.lane, 'cursor', last)
  end
  return { pending, last, (full or #entries >= most) and 1 or 0, entries }
end

register_owned('waybill_fetch', fetch)

-- fence, entries: those that have no ticket become retries with one, due at once; those that are gone, losses
local function adopt(lane, args)
  local now = now_ms()
  for at = 2, #args do
    local entry = args[at]
    local list = entry_fields(lane, entry)
    local ticket = ticket_of(lane, entry) or new_ticket(lane)
    if list then
      new_row(lane, ticket, entry, list, {
        state = 'sending', route = '', blocks = '0', attempts = 0, tries = 0, claimed = '0', due = 0,
        reason = 'delayed', answer = '', changed = now
      })
    else
      add_lost(lane, ticket, entry, now, LOST_PENDING)
    end
    redis.call('XACK', lane.stream, GROUP, entry)
    redis.call('XDEL', lane.stream, entry)
  end
  return redis.status_reply('OK')
end

register_owned('waybill_adopt', adopt)

-- Longest due first, out of both sets.
local function all_due(lane, now, most)
  local found = {}
  for _, set in ipairs({ lane.due, lane.stopped }) do
    local some = redis.call('ZRANGEBYSCORE', set, '-inf', now, 'WITHSCORES', 'LIMIT', 0, most)
    for at = 1, #some, 2 do found[#found + 1] = { some[at], tonumber(some[at + 1]), set } end
  end
  table.sort(found, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  return found
end

local function hand_out(due, ticket, row, list)
  redis.call('ZADD', due, OUT, ticket)
  if fields_of(list).attempts == '0' then
    -- It goes out for the first time: whoever comes after us can't know that it did not.
    redis.call('HSET', row, 'claimed', '1')
  end
end

-- fence, the lane's clock, most messages, most bytes, most bytes of a payload
-- gives: whether there is more, whether others wait, the rows (ticket, fields), the released scopes
local function due(lane, args)
  release_silent(lane)
  local now, most, most_bytes, most_payload = args[2], tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  local found, rows, bytes, more = all_due(lane, now, most + 1), {}, 0, 0
  for _, retry in ipairs(found) do
    local list = redis.call('HGETALL', row_key(lane, retry[1]))
    local size = carried(list, most_payload, 'm.')
    if #rows >= most or (#rows > 0 and bytes + size > most_bytes) then
      more = 1
      break
    end
    bytes = bytes + size
    if #list == 0 then
      redis.call('ZREM', retry[3], retry[1])
      redis.call('ZREM', lane.sending, retry[1])
      add_lost(lane, retry[1], nil, now_ms(), 'the row of the message was deleted')
    else
      hand_out(retry[3], retry[1], row_key(lane, retry[1]), list)
      rows[#rows + 1] = { retry[1], list }
    end
  end
  local waiting = redis.call('ZCOUNT', lane.due, '(' .. now, '(' .. string.format('%.0f', OUT)) +
      redis.call('ZCARD', lane.held)
  return { more, waiting > 0 and 1 or 0, rows, redis.call('SRANDMEMBER', lane.released, 1000) }
end

register_owned('waybill_due', due)

-- fence, route, ticket to start after, most messages, most bytes, most bytes of a payload
-- gives: whether there is more, the last ticket looked at, the rows (ticket, fields)
local function set_aside(lane, args)
  local most, most_bytes, most_payload = tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local members = redis.call('ZRANGEBYLEX', lane.set_aside, '(' .. set_aside_member(args[2], args[3]),
    '(' .. args[2] .. '\1', 'LIMIT', 0, most + 1)
  local rows, bytes, more, last = {}, 0, 0, args[3]
  for at, member in ipairs(members) do
    local ticket = string.sub(member, -16)
    local row = row_key(lane, ticket)
    local list = redis.call('HGETALL', row)
    local size = carried(list, most_payload, 'm.')
    if at > most or (#rows > 0 and bytes + size > most_bytes) then
      more = 1
      break
    end
    last = ticket
    -- One that somebody deleted is missed when its time comes; one whose time has come is out already.
    local due = tonumber(redis.call('ZSCORE', lane.due, ticket) or OUT)
    if #list == 0 then
      redis.call('ZREM', lane.set_aside, member)
    elseif due < OUT then
      bytes = bytes + size
      hand_out(lane.due, ticket, row, list)
      rows[#rows + 1] = { ticket, list }
    end
  end
  return { more, last, rows }
end

register_owned('waybill_set_aside', set_aside)

-- fence, scope, ticket to start after, most messages, most bytes, most bytes of a payload
-- gives: whether there is more, the last ticket looked at, the entries
local function backlog(lane, args)
  local prefix, most, most_bytes, most_payload = args[2] .. '\0', tonumber(args[4]), tonumber(args[5]), tonumber(args[6])
  local members = redis.call('ZRANGEBYLEX', lane.waiting, '(' .. prefix .. args[3], '(' .. args[2] .. '\1', 'LIMIT', 0,
    most + 1)
  local entries, bytes, more, last = {}, 0, 0, args[3]
  for _, member in ipairs(members) do
    local ticket = string.sub(member, -16)
    local entry = cmsgpack.unpack(redis.call('HGET', lane.parked, ticket))[1]
    local list = entry_fields(lane, entry)
    local size = list and carried(list, most_payload, '') or 0
    if #entries >= most or (#entries > 0 and bytes + size > most_bytes) then
      more = 1
      break
    end
    bytes = bytes + size
    last = ticket
    if list then
      entries[#entries + 1] = { entry, list }
    else
      unpark(lane, ticket)
      add_lost(lane, ticket, entry, now_ms(), LOST_PENDING)
    end
  end
  return { more, last, entries }
end

register_owned('waybill_backlog', backlog)
