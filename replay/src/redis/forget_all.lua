-- Moves the horizon to now, and removes the hashes that were listed.
--
-- KEYS: the head; then the hashes. ARGV: the caller's now; then for each hash its name, g or b and
-- its end. Answers how many claims and barriers are removed, and the horizon.
--
-- Of both clocks the later one counts: each can only make it refuse more.
local call, head = redis.call, KEYS[1]
local time = call('TIME')
local now = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[1]))
local at = call('HMGET', head, 'h', 'b')
local horizon, spans = math.max(tonumber(at[1] or 0), now), at[2] or ''
local removed, gone = { g = 0, b = 0 }, {}
for k = 2, #KEYS do
  local kind = string.sub(ARGV[k], 1, 1)
  removed[kind] = removed[kind] + math.max(call('HLEN', KEYS[k]) - 1, 0)
  gone[ARGV[k]] = true
  call('UNLINK', KEYS[k])
  if kind == 'g' then call('HDEL', head, ARGV[k]) end
end
local left = {}
for span in string.gmatch(spans, '%d+') do
  if not gone['b' .. span] then left[#left + 1] = span end
end
-- Without a head the next claim begins one, with its own now.
if at[1] then call('HSET', head, 'h', string.format('%.0f', horizon), 'b', table.concat(left, ',')) end
return { removed.g, removed.b, horizon }
