-- Takes the lease of the index. KEYS: control, abandoned. ARGV: owner, lease in ms, number for now, horizon, shards, format,
-- id for a new index, whether an empty index will do.
local control, abandoned = KEYS[1], KEYS[2]
local owner, empty_will_do = ARGV[1], ARGV[8] == '1'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local known = redis.call('HMGET', control, 'format', 'shards', 'built', 'id', 'owner', 'until', 'open', 'open_end', 'next',
  'token', 'rebuilder', 'floor')
local format, shards, built, id, holder, until_ms, open, open_end, next_number, token, rebuilder, floor =
  unpack(known)
if not format then
  if not empty_will_do then return {'EMPTY'} end
  id, built, floor = ARGV[7], '1', ARGV[3]
  redis.call('HSET', control, 'format', ARGV[6], 'shards', ARGV[5], 'id', id, 'built', '1', 'token', '0', 'floor', ARGV[3])
elseif format ~= ARGV[6] then
  return {'FORMAT', format}
elseif shards ~= ARGV[5] then
  return {'SHARDS', shards}
end
if built ~= '1' then
  if rebuilder == owner then
    redis.call('HSET', control, 'rebuilding_until', string.format('%.0f', now + 6 * tonumber(ARGV[2])))
  elseif empty_will_do then
    redis.call('HSET', control, 'built', '1')
  else
    return {'EMPTY'}
  end
end
if holder and holder ~= owner and tonumber(until_ms) > now then
  return {'BUSY', string.format('%.0f', tonumber(until_ms) - now)}
end
local first = math.max(tonumber(ARGV[3]), tonumber(next_number or '0'))
if open then
  -- Its batch was never finished: nothing of it counts, and its numbers are never used again.
  redis.call('RPUSH', abandoned, open .. ':' .. open_end)
  redis.call('HDEL', control, 'open', 'open_end')
  first = math.max(first, tonumber(open_end))
end
while true do
  local oldest = redis.call('LINDEX', abandoned, 0)
  if not oldest or tonumber(string.match(oldest, '%d+$')) >= tonumber(ARGV[4]) then break end
  redis.call('LPOP', abandoned)
end
token = string.format('%.0f', tonumber(token or '0') + 1)
local first_text = string.format('%.0f', first)
redis.call('HSET', control, 'owner', owner, 'until', string.format('%.0f', now + tonumber(ARGV[2])), 'token', token,
  'next', first_text)
return {'OK', token, first_text, id, floor, redis.call('LRANGE', abandoned, 0, -1)}
