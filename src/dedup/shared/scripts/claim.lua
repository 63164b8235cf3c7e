-- Asks whether the index must be built again, and by whom. KEYS: control. ARGV: owner, claim in ms, shards, format, id for a new
-- index, the id whose shards are known to be lost, number for now.
local control = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local format, shards, built, id, rebuilder, until_ms =
  unpack(redis.call('HMGET', control, 'format', 'shards', 'built', 'id', 'rebuilder', 'rebuilding_until'))
if format and format ~= ARGV[4] then return {'FORMAT', format} end
if format and shards ~= ARGV[3] then return {'SHARDS', shards} end
if built == '1' and ARGV[6] ~= id then return {'WHOLE', id} end
if built ~= '1' and rebuilder and rebuilder ~= ARGV[1] and tonumber(until_ms) > now then return {'OTHERS'} end
if built == '1' or not format then
  id = ARGV[5]
  local next_number, token = unpack(redis.call('HMGET', control, 'next', 'token'))
  -- What an earlier index left in some shard has lower numbers and is not of this one.
  local floor = string.format('%.0f', math.max(tonumber(ARGV[7]), tonumber(next_number or '0')))
  redis.call('DEL', control)
  redis.call('HSET', control, 'floor', floor, 'next', floor, 'token', token or '0')
end
redis.call('HSET', control, 'format', ARGV[4], 'shards', ARGV[3], 'id', id, 'built', '0', 'rebuilder', ARGV[1],
  'rebuilding_until', string.format('%.0f', now + tonumber(ARGV[2])))
return {'OURS', id}
