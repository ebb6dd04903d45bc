-- In front of each script that decides: reads the head, which vouches for everything else.
--
-- KEYS: the head; a hash of the script's own; the hash of each span that the caller knows of.
-- ARGV: the incarnation or '' for the server's own; the caller's now; the horizon that the caller knows
-- of; the ends of the spans that it knows of; one more field of the head to read, as at[6].
--
-- Answers only the ends of the spans where the caller did not know them. Otherwise every answer begins
-- with the horizon, and up to when something is forgotten.
local call, head, spans = redis.call, KEYS[1], ARGV[4]
local function int(number) return string.format('%.0f', number) end

-- A replica has older data than its primary, and must not answer even what it could.
local info, incarnation = call('INFO', 'replication'), ARGV[1]
if not string.find(info, 'role:master', 1, true) then
  return redis.error_reply('READONLY this server is a replica')
end
if incarnation == '' then
  incarnation = string.match(info, 'master_replid:(%x+)')
  if not incarnation then return redis.error_reply('NOINCARNATION INFO does not name master_replid') end
end
local time = call('TIME')
local server_now = time[1] * 1000 + math.floor(time[2] / 1000)

local at = call('HMGET', head, 'i', 'h', 'f', 'd', 'b', ARGV[5])
if (at[5] or '') ~= spans then return { at[5] or '' } end
local horizon, forgotten, spans_forgotten = tonumber(at[2] or 0), tonumber(at[3] or 0), tonumber(at[4] or 0)

-- Something is lost, or was never there: what came before now is not known.
local function begin()
  horizon = math.max(horizon, server_now, tonumber(ARGV[2]))
  call('HSET', head, 'v', '1', 'i', incarnation, 'h', int(horizon), 'f', int(forgotten), 'd', int(spans_forgotten))
end
-- A horizon goes back where older keys came back: by hand, or with a slot of a Cluster whose last node
-- was promoted without the latest.
if at[1] ~= incarnation or horizon < tonumber(ARGV[3]) then begin() end

-- Each hash has an entry '' for as long as nothing of it is lost, and the head lists the hashes.
-- Reads these fields, of which '' is the first, of each span that is not lost. Returns the values by
-- the ends of the spans, those ends, and how many entries there are if they are to be counted.
local function read_spans(fields, counts)
  local values, list, known, held = {}, {}, 0, 0
  for span in string.gmatch(spans, '%d+') do
    known = known + 1
    local key = KEYS[2 + known]
    local found = call('HMGET', key, unpack(fields))
    if found[1] then
      list[#list + 1], values[span] = span, found
      if counts then held = held + call('HLEN', key) - 1 end
    else
      begin()
      call('UNLINK', key)
    end
  end
  if #list < known then call('HSET', head, 'b', table.concat(list, ',')) end
  return values, list, held, known
end

