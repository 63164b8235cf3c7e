-- The postings of many keys. KEYS: a bucket for each. ARGV: a field for each.
local found = {}
for i = 1, #KEYS do
  local first = redis.call('HGET', KEYS[i], ARGV[i])
  local chunks = first and string.byte(first) or 1
  if chunks > 1 then
    local parts = {first}
    for chunk = 1, chunks - 1 do
      parts[#parts + 1] = redis.call('HGET', KEYS[i], ARGV[i] .. string.char(chunk)) or ''
    end
    first = table.concat(parts)
  end
  found[i] = first
end
return found
