
-- Owning a lane.

local function group_info(lane)
  local groups = redis.pcall('XINFO', 'GROUPS', lane.stream)
  if groups.err then return nil end
  for _, group in ipairs(groups) do
    local info = fields_of(group)
    if info.name == GROUP then return info end
  end
  return nil
end

-- A group that somebody destroyed is made again where it stood; what was handed out then becomes pending again.
local function restore_group(lane, cursor)
  if group_info(lane) then return end
  redis.call('XGROUP', 'CREATE', lane.stream, GROUP, cursor, 'MKSTREAM')
  local from = '-'
  while cursor ~= '0-0' do
    local entries = redis.call('XRANGE', lane.stream, from, cursor, 'COUNT', 10)
    if #entries == 0 then return end
    for _, entry in ipairs(entries) do
      local ticket = ticket_of(lane, entry[1])
      if not (ticket and redis.call('HEXISTS', lane.parked, ticket) == 1) then
        redis.call('XCLAIM', lane.stream, GROUP, CONSUMER, 0, entry[1], 'FORCE', 'JUSTID')
      end
      from = '(' .. entry[1]
    end
  end
end

-- A retry that was handed out and not settled is due when it was.
local function take_back(lane, due)
  while true do
    local tickets = redis.call('ZRANGEBYSCORE', due, OUT, OUT, 'LIMIT', 0, 1000)
    if #tickets == 0 then return end
    for _, ticket in ipairs(tickets) do
      redis.call('ZADD', due, redis.call('HGET', row_key(lane, ticket), 'due') or 0, ticket)
    end
  end
end

-- The lane's clock stood still while nobody held it: what asked to come later is due when the server's clock says so.
local function catch_up(lane, clock)
  while true do
    local tickets = redis.call('ZRANGEBYSCORE', lane.later, '-inf', now_ms(), 'LIMIT', 0, 1000)
    if #tickets == 0 then return end
    for _, ticket in ipairs(tickets) do
      redis.call('ZREM', lane.later, ticket)
      if tonumber(redis.call('ZSCORE', lane.due, ticket) or '0') > clock then
        redis.call('ZADD', lane.due, clock, ticket)
        redis.call('HSET', row_key(lane, ticket), 'due', clock)
      end
    end
  end
end

-- version, holder, session, the fence of an owner that is gone (or empty)
local function take(keys, args)
  local lane = lane_of(keys)
  local about = redis.call('HMGET', lane.lane, 'version', 'fence', 'clock', 'clean', 'suspect', 'suspect_fence', 'blamed',
    'kills', 'formerly', 'cursor', 'salt')
  if about[1] ~= args[1] then return failure('WBSCHEMA', 'lane ' .. lane.number .. ' has no keys of this version') end
  local owner = redis.call('GET', lane.owner)
  if owner and (args[4] == '' or string.match(owner, '^%d+') ~= args[4]) then
    return failure('WBBUSY', string.match(owner, '^%d+ %S* (.*)$') or owner)
  end
  restore_group(lane, about[10] or '0-0')
  local info = group_info(lane)
  local unclean = about[4] == '0'
  local formerly = unclean and info['last-delivered-id'] or about[9] or '0-0'
  local previous = about[2] or '0'
  local kills = 0
  if about[5] then
    if about[7] == about[5] then kills = tonumber(about[8] or '0') end
    -- An owner that died before it marked anything is no proof against the message that stood there already.
    if about[6] == previous then kills = kills + 1 end
  end
  local fence = tostring(redis.call('HINCRBY', lane.lane, 'fence', 1))
  redis.call('HSET', lane.lane, 'holder', args[2], 'session', args[3], 'clean', '0', 'formerly', formerly, 'kills', kills,
    'blamed', about[5] or '')
  redis.call('SET', lane.owner, fence .. ' ' .. args[3] .. ' ' .. args[2], 'PX', OWNER_MS)
  take_back(lane, lane.due)
  take_back(lane, lane.stopped)
  catch_up(lane, tonumber(about[3] or '0'))
  return { fence, about[3] or '0', unclean and 1 or 0, about[5] or '', kills, formerly, info['last-delivered-id'],
    about[11], redis.call('HGETALL', lane.scopes) }
end

redis.register_function { function_name = 'waybill_take', callback = take, flags = { 'allow-oom' } }

-- Unread entries that somebody removed: all were read, and fewer were read than were ever added.
local function count_unread_losses(lane, now)
  local group = group_info(lane)
  if not group then return end
  if #redis.call('XRANGE', lane.stream, '(' .. group['last-delivered-id'], '+', 'COUNT', 1) > 0 then return end
  local added = fields_of(redis.call('XINFO', 'STREAM', lane.stream))['entries-added']
  local seen = tonumber(redis.call('HGET', lane.lane, 'seen') or '0')
  if added == seen then return end
  redis.call('HSET', lane.lane, 'seen', added)
  if added < seen then
    add_lost(lane, new_ticket(lane), nil, now, 'the stream was deleted and made again: whatever waited in it is lost')
  else
    add_lost(lane, new_ticket(lane), nil, now, (added - seen) ..
      ' messages were removed from the stream (XDEL, XTRIM, XADD MAXLEN) before a relay read them')
  end
end

-- fence, whether to look for losses
local function hold(lane, args)
  if not group_info(lane) then return failure('WBLOST', 'the group of lane ' .. lane.number .. ' is gone') end
  if args[2] == '1' then count_unread_losses(lane, now_ms()) end
  return redis.status_reply('OK')
end

register_owned('waybill_hold', hold)

-- fence, ticket
local function suspect(lane, args)
  redis.call('HSET', lane.lane, 'suspect', args[2], 'suspect_fence', args[1])
  return redis.status_reply('OK')
end

register_owned('waybill_suspect', suspect)
