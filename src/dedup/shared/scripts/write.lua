-- Writes whole buckets. KEYS: meta, then the buckets. ARGV: token, buckets of the shard from now on, its postings, seconds to keep a
-- bucket, then what each holds; nothing for one that goes. What is empty of the second and third stays as it is.
local meta = KEYS[1]
if redis.call('HGET', meta, 'fence') ~= ARGV[1] then return {'FENCED'} end
for i = 2, #KEYS do
  local bucket = ARGV[i + 3]
  if bucket == '' then redis.call('DEL', KEYS[i]) else redis.call('SET', KEYS[i], bucket, 'EX', ARGV[4]) end
end
if ARGV[2] ~= '' then redis.call('HSET', meta, 'buckets', ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', meta, 'postings', ARGV[3]) end
return {'OK'}
