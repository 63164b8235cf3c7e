-- Shuts older holders of the lease out of a shard. KEYS: meta. ARGV: token, id of the index, buckets of a new shard, whether it may
-- be made.
local meta = KEYS[1]
local id, fence, buckets, postings = unpack(redis.call('HMGET', meta, 'id', 'fence', 'buckets', 'postings'))
if id ~= ARGV[2] then
  if ARGV[4] ~= '1' then return {'LOST'} end
  buckets, postings = ARGV[3], '0'
  redis.call('HSET', meta, 'id', ARGV[2], 'buckets', buckets, 'postings', postings)
elseif tonumber(fence) > tonumber(ARGV[1]) then
  return {'FENCED'}
end
redis.call('HSET', meta, 'fence', ARGV[1])
return {'OK', buckets, postings}
