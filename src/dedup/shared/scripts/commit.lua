-- Ends a batch: from here on it counts. KEYS: control. ARGV: token, articles, slice of the window, oldest slice.
local control, articles = KEYS[1], tonumber(ARGV[2])
local token, open_end = unpack(redis.call('HMGET', control, 'token', 'open_end'))
if token ~= ARGV[1] or (articles > 0 and not open_end) then return {'FENCED'} end
if articles > 0 then
  redis.call('HSET', control, 'next', open_end)
  redis.call('HINCRBY', control, 'slice:' .. ARGV[3], articles)
end
redis.call('HDEL', control, 'open', 'open_end', 'owner', 'until')
local total, oldest = 0, false
local fields = redis.call('HGETALL', control)
for i = 1, #fields, 2 do
  local slice = string.match(fields[i], '^slice:(%d+)$')
  if slice and tonumber(slice) < tonumber(ARGV[4]) then
    redis.call('HDEL', control, fields[i])
  elseif slice then
    total = total + tonumber(fields[i + 1])
    if not oldest or tonumber(slice) < oldest then oldest = tonumber(slice) end
  end
end
return {'OK', string.format('%.0f', total), oldest and string.format('%.0f', oldest) or ''}
