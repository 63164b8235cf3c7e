-- Keeps a shard in shape: splits buckets when there are many postings (linear hashing), and forgets old postings in some others.
-- KEYS: meta, then source and target of each split, then buckets to look through. ARGV: token, horizon, seconds to keep a bucket,
-- splits, number of the first new bucket, next cursor.
local meta, horizon, keep = KEYS[1], tonumber(ARGV[2]), ARGV[3]
local splits, first_new = tonumber(ARGV[4]), tonumber(ARGV[5])
local fence, buckets = unpack(redis.call('HMGET', meta, 'fence', 'buckets'))
if fence ~= ARGV[1] then return {'FENCED'} end
if tonumber(buckets) ~= first_new then return {'OK'} end
local FIELD, POSTING, TOGETHER = 6, 7, 100
local byte, char, sub = string.byte, string.char, string.sub

local function newest(value)
  local a, b, c, d, e, f = byte(value, #value - POSTING + 1, #value - 1)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end

local function place(field, modulus)
  local a, b, c, d = byte(field, 3, FIELD)
  return (((a * 256 + b) * 256 + c) * 256 + d) % modulus
end

local function put(bucket, entries)
  redis.call('DEL', bucket)
  for from = 1, #entries, TOGETHER do
    redis.call('HSET', bucket, unpack(entries, from, math.min(from + TOGETHER - 1, #entries)))
  end
  if #entries > 0 then redis.call('EXPIRE', bucket, keep) end
end

-- The fields of a bucket that are not over; those for `target` apart.
local function sift(bucket, target, modulus)
  local all = redis.call('HGETALL', bucket)
  local values, chunks = {}, {}
  for i = 1, #all, 2 do values[all[i]] = all[i + 1] end
  for field, value in pairs(values) do
    if #field == FIELD then
      local count = byte(value)
      local last = value
      if count > 1 then last = values[field .. char(count - 1)] end
      if last and newest(last) >= horizon then chunks[field] = count end
    end
  end
  local stay, move, dropped = {}, {}, 0
  for i = 1, #all, 2 do
    local field = all[i]
    local count = chunks[sub(field, 1, FIELD)]
    if not count or (#field > FIELD and byte(field, FIELD + 1) >= count) then
      dropped = dropped + 1
    else
      local list = stay
      if target and place(field, modulus) == target then list = move end
      list[#list + 1] = field
      list[#list + 1] = all[i + 1]
    end
  end
  return stay, move, dropped
end

local forgotten = 0
for i = 1, splits do
  local target = first_new + i - 1
  local modulus = 1
  while modulus <= target do modulus = modulus * 2 end
  local source, new = KEYS[2 * i], KEYS[2 * i + 1]
  local stay, move, dropped = sift(source, target, modulus)
  forgotten = forgotten + dropped
  if #move > 0 or dropped > 0 then put(source, stay) end
  put(new, move)
end
for i = 2 + 2 * splits, #KEYS do
  local stay, _, dropped = sift(KEYS[i])
  forgotten = forgotten + dropped
  if dropped > 0 then put(KEYS[i], stay) end
end
redis.call('HSET', meta, 'buckets', first_new + splits, 'cursor', ARGV[6])
if forgotten > 0 then redis.call('HINCRBY', meta, 'postings', -forgotten) end
return {'OK'}
