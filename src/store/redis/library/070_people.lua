
-- What people ask and do.

local function version(keys)
  local lane = lane_of(keys)
  local found = redis.call('HGET', lane.lane, 'version')
  return { VERSION, found and tonumber(found) or 0 }
end

redis.register_function { function_name = 'waybill_version', callback = version, flags = { 'no-writes' } }

-- version, salt, lanes: makes the keys of a lane, or leaves them as they are
local function prepare(keys, args)
  local lane = lane_of(keys)
  redis.call('HSETNX', lane.lane, 'salt', args[2])
  redis.call('HSETNX', lane.lane, 'clean', '1')
  redis.call('HSETNX', lane.lane, 'fence', '0')
  -- Never fewer: what waits in the others must be sent.
  local lanes = tonumber(redis.call('HGET', lane.lane, 'lanes') or '0')
  if tonumber(args[3]) > lanes then redis.call('HSET', lane.lane, 'lanes', args[3]) end
  if not group_info(lane) then
    redis.call('XGROUP', 'CREATE', lane.stream, GROUP, redis.call('HGET', lane.lane, 'cursor') or '0-0', 'MKSTREAM')
  end
  redis.call('HSET', lane.lane, 'version', args[1])
  return redis.status_reply('OK')
end

redis.register_function { function_name = 'waybill_prepare', callback = prepare }

local function oldest_ms(lane)
  local first = redis.call('XRANGE', lane.stream, '-', '+', 'COUNT', 1)
  local oldest = first[1] and split_entry(first[1][1])
  local row = redis.call('ZRANGE', lane.sending, 0, 0)
  local stored = row[1] and tonumber(redis.call('HGET', row_key(lane, row[1]), 'stored') or nil)
  if stored and (not oldest or stored < oldest) then oldest = stored end
  return oldest
end

-- gives: sending, failed, blocked scopes, milliseconds since the oldest that is sending was stored
local function counts(keys)
  local lane = lane_of(keys)
  local oldest = oldest_ms(lane)
  return { redis.call('XLEN', lane.stream) + redis.call('ZCARD', lane.sending), redis.call('ZCARD', lane.failed),
    redis.call('HLEN', lane.scopes), oldest and math.max(0, now_ms() - oldest) or 0 }
end

redis.register_function { function_name = 'waybill_counts', callback = counts, flags = { 'no-writes' } }

-- A row without its payload, whose length is told instead.
local function described(lane, ticket)
  local list = redis.call('HGETALL', row_key(lane, ticket))
  for at = 1, #list, 2 do
    if list[at] == 'm.payload' then list[at + 1] = #list[at + 1] end
  end
  return list
end

-- state, ticket to start after, count; gives the lane's clock and the rows
local function rows(keys, args)
  local lane = lane_of(keys)
  local found = {}
  for _, ticket in ipairs(redis.call('ZRANGEBYLEX', lane[args[1]], '(' .. args[2], '+', 'LIMIT', 0, args[3])) do
    found[#found + 1] = { ticket, described(lane, ticket) }
  end
  return { redis.call('HGET', lane.lane, 'clock') or '0', found }
end

redis.register_function { function_name = 'waybill_rows', callback = rows, flags = { 'no-writes' } }

local CHANGES = {
  resend = { from = { failed = true, dropped = true }, to = 'sending' },
  drop = { from = { failed = true }, to = 'dropped' },
  restore = { from = { dropped = true }, to = 'failed' }
}

-- act, outcome, who, why, tickets; gives how many rows were changed
local function change(keys, args)
  local lane, act, now, changed = lane_of(keys), CHANGES[args[1]], now_ms(), 0
  for at = 5, #args do
    local ticket = args[at]
    local row = read_state(lane, ticket)
    if row and act.from[row.state] and not (row.lost and act.to == 'sending') then
      unindex_row(lane, ticket, row)
      row.state = act.to
      redis.call('HSET', row_key(lane, ticket), 'state', act.to, 'changed', now)
      if act.to == 'sending' then
        row.due = '0'
        redis.call('HSET', row_key(lane, ticket), 'tries', '0', 'due', '0')
      elseif act.to == 'dropped' then
        -- It releases its scope for good: restored, it must not hold up what has flowed on since.
        row.blocks = '0'
        redis.call('HSET', row_key(lane, ticket), 'blocks', '0')
      end
      index_row(lane, ticket, row)
      remember(lane, row.id, now, row.attempts, args[2], args[4], '', args[3], true)
      changed = changed + 1
    end
  end
  reconsider_touched(lane)
  return changed
end

redis.register_function { function_name = 'waybill_change', callback = change, flags = { 'allow-oom' } }

-- id; gives the row's ticket, the row with its payload, the lane's clock, or nothing
local function find_row(keys, args)
  local lane = lane_of(keys)
  local ticket = redis.call('HGET', lane.ids, args[1])
  if not ticket then return {} end
  return { ticket, redis.call('HGETALL', row_key(lane, ticket)), redis.call('HGET', lane.lane, 'clock') or '0' }
end

redis.register_function { function_name = 'waybill_find_row', callback = find_row, flags = { 'no-writes' } }

-- where to start, where to end, ids; looks through a thousand entries
-- gives: where to start next (or empty), then the entries found, as id and entry
local function find_entries(keys, args)
  local lane = lane_of(keys)
  local wanted, salt, found = {}, redis.call('HGET', lane.lane, 'salt') or '', {}
  for at = 3, #args do wanted[args[at]] = true end
  local from = args[1]
  -- Few at once: they may be large.
  for _ = 1, 100 do
    local entries = redis.call('XRANGE', lane.stream, from, args[2], 'COUNT', 10)
    for _, entry in ipairs(entries) do
      local id = fields_of(entry[2]).id
      if not id or id == '' then id = uuid_of(entry[1], salt) end
      if wanted[id] then found[#found + 1] = { id, entry[1] } end
      from = '(' .. entry[1]
    end
    if #entries < 10 then return { '', found } end
  end
  return { from, found }
end

redis.register_function { function_name = 'waybill_find_entries', callback = find_entries, flags = { 'no-writes' } }

-- ids; gives the state of the row of each, or empty
local function states(keys, args)
  local lane, found = lane_of(keys), {}
  for at, id in ipairs(args) do
    local ticket = redis.call('HGET', lane.ids, id)
    found[at] = ticket and redis.call('HGET', row_key(lane, ticket), 'state') or ''
  end
  return found
end

redis.register_function { function_name = 'waybill_states', callback = states, flags = { 'no-writes' } }

-- scope; gives the id of the message it waits for, or empty
local function blocker(keys, args)
  local lane = lane_of(keys)
  local member = redis.call('ZRANGEBYLEX', lane.blocking, '[' .. args[1] .. '\0', '(' .. args[1] .. '\1', 'LIMIT', 0, 1)[1]
  return member and redis.call('HGET', row_key(lane, string.sub(member, -16)), 'id') or ''
end

redis.register_function { function_name = 'waybill_blocker', callback = blocker, flags = { 'no-writes' } }

-- Those of relays that were last heard of a day ago, and all but the newest. Looked through when a relay
-- comes, and in one second of ten minutes: every relay tells its figures each second.
local function forget_reports(lane, now)
  local all, left = redis.call('HGETALL', lane.reports), {}
  for at = 1, #all, 2 do
    local heard = tonumber(string.match(all[at + 1], '^%d+'))
    if heard < now - 86400000 then
      redis.call('HDEL', lane.reports, all[at])
    else
      left[#left + 1] = { relay = all[at], heard = heard }
    end
  end
  if #left <= REPORTS_KEPT then return end
  table.sort(left, function(a, b) return a.heard > b.heard end)
  for at = REPORTS_KEPT + 1, #left do redis.call('HDEL', lane.reports, left[at].relay) end
end

-- relay, its figures; keeps them, and forgets what is old
local function report(keys, args)
  local lane, now = lane_of(keys), now_ms()
  local is_new = redis.call('HSET', lane.reports, args[1], string.format('%.0f ', now) .. args[2]) == 1
  if is_new or math.floor(now / 1000) % 600 == 0 then forget_reports(lane, now) end
  local from = redis.call('HGET', lane.lane, 'tidied') or ''
  local some = redis.call('ZRANGEBYLEX', lane.dropped, from == '' and '-' or '(' .. from, '+', 'LIMIT', 0, 100)
  for _, ticket in ipairs(some) do
    local changed = tonumber(redis.call('HGET', row_key(lane, ticket), 'changed') or '0')
    if changed < now - KEPT_MS then
      local row = read_state(lane, ticket)
      if row then
        redis.call('PEXPIRE', history_key(lane, row.id), KEPT_MS)
        remove_row(lane, ticket, row)
      else
        redis.call('ZREM', lane.dropped, ticket)
      end
    end
  end
  redis.call('HSET', lane.lane, 'tidied', some[100] or '')
  return redis.status_reply('OK')
end

redis.register_function { function_name = 'waybill_report', callback = report, flags = { 'allow-oom' } }

-- gives: relay, figures, age in milliseconds of each
local function reports(keys)
  local lane, now, found = lane_of(keys), now_ms(), {}
  local all = redis.call('HGETALL', lane.reports)
  for at = 1, #all, 2 do
    local written, figures = string.match(all[at + 1], '^(%d+) (.*)$')
    found[#found + 1] = { all[at], figures, now - tonumber(written) }
  end
  return found
end

redis.register_function { function_name = 'waybill_reports', callback = reports, flags = { 'no-writes' } }
