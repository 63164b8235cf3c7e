-- Says that the index is built. KEYS: control. ARGV: owner.
if redis.call('HGET', KEYS[1], 'rebuilder') ~= ARGV[1] then return {'FENCED'} end
redis.call('HSET', KEYS[1], 'built', '1')
redis.call('HDEL', KEYS[1], 'rebuilder', 'rebuilding_until')
return {'OK'}
