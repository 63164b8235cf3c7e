-- Says which numbers the batch takes, before anything of it is written, and extends the lease. KEYS: control. ARGV: token, first
-- number, number after the last, lease in ms.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'FENCED'} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], 'open', ARGV[2], 'open_end', ARGV[3], 'until', string.format('%.0f', now + tonumber(ARGV[4])))
return {'OK'}
