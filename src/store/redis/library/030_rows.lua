
-- Rows: messages that were not confirmed at once.

-- A scope is `r\0ROUTE` or `k\0ROUTE\0LENGTH:KEY`. It is released while it is blocked and no row blocks it.
local function scope_of_key(route, key) return 'k\0' .. route .. '\0' .. #key .. ':' .. key end

local function reconsider_touched(lane)
  for scope in pairs(lane.touched) do
    local free = redis.call('HEXISTS', lane.scopes, scope) == 1 and
        #redis.call('ZRANGEBYLEX', lane.blocking, '[' .. scope .. '\0', '(' .. scope .. '\1', 'LIMIT', 0, 1) == 0
    redis.call(free and 'SADD' or 'SREM', lane.released, scope)
  end
end

-- What the row blocks: its key while it is there, its whole route once it has failed.
local function change_blocking(lane, command, ticket, row)
  if row.blocks ~= '1' or row.state == 'dropped' then return end
  local scopes = {}
  if row['m.key'] then scopes[1] = scope_of_key(row.route, row['m.key']) end
  if row.state == 'failed' then scopes[#scopes + 1] = 'r\0' .. row.route end
  for _, scope in ipairs(scopes) do
    if command == 'ZADD' then
      redis.call('ZADD', lane.blocking, 0, scope .. '\0' .. ticket)
    else
      redis.call('ZREM', lane.blocking, scope .. '\0' .. ticket)
    end
    lane.touched[scope] = true
  end
end

-- Where the rows of a route that were set aside are found before their time.
local function set_aside_member(route, ticket) return route .. '\0' .. ticket end

-- Brings the sets that find a row by its state in line with the row. Afterwards: reconsider_touched().
local function index_row(lane, ticket, row)
  change_blocking(lane, 'ZADD', ticket, row)
  redis.call('ZADD', lane[row.state], 0, ticket)
  if row.state == 'sending' then
    redis.call('ZADD', row.reason == 'route_stopped' and lane.stopped or lane.due, row.due, ticket)
    if row.reason == 'set_aside' then redis.call('ZADD', lane.set_aside, 0, set_aside_member(row.route, ticket)) end
    local not_before = row.reason == 'delayed' and tonumber(row['m.not_before'])
    if not_before then redis.call('ZADD', lane.later, not_before, ticket) end
  end
end

local function unindex_row(lane, ticket, row)
  change_blocking(lane, 'ZREM', ticket, row)
  redis.call('ZREM', lane[row.state], ticket)
  redis.call('ZREM', lane.due, ticket)
  redis.call('ZREM', lane.held, ticket)
  redis.call('ZREM', lane.stopped, ticket)
  if row.reason == 'delayed' then redis.call('ZREM', lane.later, ticket) end
  if row.reason == 'set_aside' then redis.call('ZREM', lane.set_aside, set_aside_member(row.route, ticket)) end
end

-- What of a row decides where it is indexed: all of it but the message.
local function read_state(lane, ticket)
  local names = { 'state', 'route', 'blocks', 'reason', 'due', 'attempts', 'id', 'm.key', 'm.not_before', 'lost' }
  local values = redis.call('HMGET', row_key(lane, ticket), unpack(names))
  if not values[1] then return nil end
  local row = {}
  for at, name in ipairs(names) do row[name] = values[at] or nil end
  return row
end

-- One line of the history is six elements of the list: at, attempt, outcome, answer, endpoint, relay.
local function remember(lane, id, now, attempt, outcome, answer, endpoint, relay, stays)
  local history = history_key(lane, id)
  redis.call('RPUSH', history, now, attempt, outcome, answer, endpoint, relay)
  if stays then
    redis.call('PERSIST', history)
  else
    redis.call('PEXPIRE', history, KEPT_MS)
  end
end

local function new_row(lane, ticket, entry, list, values)
  local row = row_key(lane, ticket)
  for at = 1, #list, 2 do redis.call('HSET', row, 'm.' .. list[at], list[at + 1]) end
  local fields = fields_of(list)
  local salt = redis.call('HGET', lane.lane, 'salt')
  values.id = (fields.id and fields.id ~= '') and fields.id or uuid_of(entry, salt)
  values.entry = entry
  values.stored = split_entry(entry)
  for name, value in pairs(values) do redis.call('HSET', row, name, value) end
  redis.call('HSET', lane.ids, values.id, ticket)
  values['m.key'], values['m.not_before'] = fields.key, fields.not_before
  if values['m.key'] and (values['m.key'] == '' or #values['m.key'] > 255) then
    redis.call('HDEL', row, 'm.key')
    values['m.key'] = nil
  end
  index_row(lane, ticket, values)
end

local function remove_row(lane, ticket, row)
  unindex_row(lane, ticket, row)
  redis.call('DEL', row_key(lane, ticket))
  if redis.call('HGET', lane.ids, row.id) == ticket then redis.call('HDEL', lane.ids, row.id) end
end

-- A failed row that stands for messages which somebody removed from the stream: a loss is never silent.
local function add_lost(lane, ticket, entry, now, answer)
  local name = 'lost-' .. (entry or ticket)
  new_row(lane, ticket, entry or (now .. '-0'), { 'id', name, 'topic', 'waybill.lost' }, {
    state = 'failed', route = '', blocks = '0', attempts = 0, tries = 0, claimed = '0', due = 0,
    reason = 'lost_in_store', answer = answer, changed = now, lost = '1'
  })
  remember(lane, name, now, 0, 'lost_in_store', answer, '', '', true)
end

local LOST_PENDING = 'the entry was removed from the stream (XDEL, XTRIM, XADD MAXLEN) before it was confirmed'
