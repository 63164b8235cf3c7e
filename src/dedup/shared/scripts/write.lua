-- Adds postings. KEYS: meta, then a bucket for each. ARGV: token, horizon, seconds to keep a bucket, most chunks of a list, then field
-- and posting for each. A list is in chunks of nine postings, so that no value is longer than the 64 bytes that a listpack takes.
-- The first chunk begins with their number.
local meta, horizon, keep, most = KEYS[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local fence = redis.call('HGET', meta, 'fence')
if fence ~= ARGV[1] then return {'FENCED'} end
local FIELD, POSTING, CHUNK = 6, 7, 63
local call, byte, char, sub = redis.call, string.byte, string.char, string.sub

local function number(list, at)
  local a, b, c, d, e, f = byte(list, at, at + 5)
  return ((((a * 256 + b) * 256 + c) * 256 + d) * 256 + e) * 256 + f
end

-- The last chunk is full: forget what is old, and where the list is as long as it may be, what is neither first nor new.
local function rewrite(bucket, field, first, chunks, posting)
  local list = sub(first, 2)
  for chunk = 1, chunks - 1 do list = list .. (call('HGET', bucket, field .. char(chunk)) or '') end
  local from = 1
  while from < #list and number(list, from) < horizon do from = from + POSTING end
  list = sub(list, from)
  if #list >= most * CHUNK then list = sub(list, 1, CHUNK) .. sub(list, 2 * CHUNK + 1) end
  list = list .. posting
  local now = math.ceil(#list / CHUNK)
  call('HSET', bucket, field, char(now) .. sub(list, 1, CHUNK))
  for chunk = 1, now - 1 do
    call('HSET', bucket, field .. char(chunk), sub(list, chunk * CHUNK + 1, (chunk + 1) * CHUNK))
  end
  for chunk = math.max(now, 1), chunks - 1 do call('HDEL', bucket, field .. char(chunk)) end
  return now - chunks
end

local added = 0
for i = 2, #KEYS do
  local bucket, field, posting = KEYS[i], sub(ARGV[i + 3], 1, FIELD), sub(ARGV[i + 3], FIELD + 1)
  local first = call('HGET', bucket, field)
  local chunks = first and byte(first) or 0
  local last = first
  if chunks > 1 then last = call('HGET', bucket, field .. char(chunks - 1)) or '' end
  if chunks == 0 then
    call('HSET', bucket, field, '\1' .. posting)
    added = added + 1
  elseif chunks == 1 and #last <= CHUNK then
    call('HSET', bucket, field, last .. posting)
  elseif chunks > 1 and #last < CHUNK then
    call('HSET', bucket, field .. char(chunks - 1), last .. posting)
  else
    added = added + rewrite(bucket, field, first, chunks, posting)
  end
  call('EXPIRE', bucket, keep)
end
if added ~= 0 then call('HINCRBY', meta, 'postings', added) end
return {'OK'}
