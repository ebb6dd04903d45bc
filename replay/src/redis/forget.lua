-- Forgets generations of claims and spans of barriers that are over, and notes up to when.
--
-- KEYS: the head; then the hashes. ARGV: the caller's now; how long to keep what is over; then for
-- each hash its field in the head or '' for barriers, and its end.
--
-- Of both clocks the earlier one counts: each can only make it keep more.
local call, head = redis.call, KEYS[1]
local time = call('TIME')
local now = math.min(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[1]))
local past = now - tonumber(ARGV[2])
local function int(number) return string.format('%.0f', number) end

local at = call('HMGET', head, 'f', 'd', 'b')
local forgotten, barriers_forgotten, spans = tonumber(at[1] or 0), tonumber(at[2] or 0), at[3] or ''
local over, fields, gone = {}, {}, {}
for k = 2, #KEYS do
  local field, ends = ARGV[2 * k - 1], ARGV[2 * k]
  if tonumber(ends) <= past then
    if field ~= '' then
      if call('HEXISTS', head, field) == 1 then
        forgotten = math.max(forgotten, tonumber(ends))
        fields[#fields + 1], over[#over + 1] = field, KEYS[k]
      end
    elseif string.find(',' .. spans .. ',', ',' .. ends .. ',', 1, true) then
      -- Without its entry '' the hash is lost, which the next claim of a browser is to see.
      local latest = call('HGET', KEYS[k], '')
      if latest then
        barriers_forgotten = math.max(barriers_forgotten, tonumber(latest) + 1)
        gone[ends], over[#over + 1] = true, KEYS[k]
      end
    end
  end
end
if #over == 0 then return 0 end
local left = {}
for span in string.gmatch(spans, '%d+') do
  if not gone[span] then left[#left + 1] = span end
end
-- A server that is full refuses HSET as the first write, and takes it behind this one. Were it
-- refused all the same, a hash would be listed that is not there, and the next claim would see that.
call('UNLINK', unpack(over))
call('HSET', head, 'f', int(forgotten), 'd', int(barriers_forgotten), 'b', table.concat(left, ','))
if #fields > 0 then call('HDEL', head, unpack(fields)) end
return #over
