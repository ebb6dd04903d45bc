-- Decides claims whose tokens end in one generation, and raises barriers, in order. Behind head.lua.
--
-- KEYS: the head; the hash of the generation; the hash of each span of barriers that the caller
-- knows of; then that of each barrier to raise.
-- ARGV, behind those of head.lua, whose field is g and the end of the generation: the channel or '';
-- the skew; the most barriers; '1' if the claims have bindings, of all or of none; the number of
-- claims; the first of their times of issue, and all with commas between; then all nonces, all
-- digests and, if there are spans, all bindings; then for each barrier the place of its claim or 0, its
-- binding, its nonce and issued at as one text, and the end of its span.
--
-- Answers, behind those of head.lua: for each claim 0 first, 1 retry, 2 used, 3 before the horizon,
-- 4 behind a barrier, 5 full; for each barrier 0 not asked, 1 raised, 2 no room.
--
-- The common case is that all claims are fresh and there are no barriers: it must be quick, because
-- all processes share the server's one thread.
local gen, ends, channel = KEYS[2], string.sub(ARGV[5], 2), ARGV[6]
local skew, room, bound, n = tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10])
local first_issued, issues = tonumber(ARGV[11]), ARGV[12]
local nonces, digests, bindings = 12, 12 + n, 12 + 2 * n
local with_bindings = bound and spans ~= ''
local barriers = with_bindings and 12 + 3 * n or 12 + 2 * n
local m = (#ARGV - barriers) / 4

local function issued_at(standing) return tonumber(string.sub(standing, 17)) end

-- The spans, the latest time of issue in each, and what stands there.
local list, latest, standing, known, held, stands = {}, {}, {}, 0, 0, false
if with_bindings or m > 0 then
  local asked = { '' }
  if with_bindings then
    for i = 1, n do asked[i + 1] = ARGV[bindings + i] end
  end
  for j = 1, m do asked[#asked + 1] = ARGV[barriers + 4 * j - 2] end
  local found
  found, list, held, known = read_spans(asked, m > 0)
  for span, values in pairs(found) do
    latest[span], standing[span] = tonumber(values[1]), {}
    for i = 2, #asked do
      if values[i] then standing[span][asked[i]], stands = values[i], true end
    end
  end
end

local was, live = {}, false
if n > 0 then
  was = call('HMGET', gen, '', unpack(ARGV, nonces + 1, nonces + n))
  live = was[1] and at[6] -- a head that was lost does not list the hashes that were not
  if at[6] and not live then
    begin()
    call('HDEL', head, 'g' .. ends)
  end
end

local function behind(nonce, binding, issued)
  for _, of in pairs(standing) do
    local other = of[binding]
    if other and issued_at(other) >= issued and string.sub(other, 1, 16) ~= nonce then return true end
  end
end
local least = math.max(horizon + skew, bound and spans_forgotten or 0)
local over, issued = n > 0 and tonumber(ends) <= forgotten, nil
if stands or first_issued < least then -- otherwise nobody's time matters
  issued = {}
  for text in string.gmatch(issues, '%d+') do issued[#issued + 1] = tonumber(text) end
end
local out, grants, put = {}, {}, {}
for i = 1, n do
  local nonce, digest = ARGV[nonces + i], ARGV[digests + i]
  local before = was[i + 1] or grants[nonce]
  if over or issued and issued[i] < least then out[i] = '3'
  elseif stands and with_bindings and behind(nonce, ARGV[bindings + i], issued[i]) then out[i] = '4'
  elseif not before then
    out[i], grants[nonce] = '0', digest
    put[#put + 1], put[#put + 2] = nonce, digest
  elseif string.sub(before, 1, 16) == digest then out[i] = '1'
  else out[i] = '2' end
end

local answers, marks, raised, anew, fresh = {}, {}, {}, {}, false
for j = 1, m do
  local a = barriers + 4 * j
  local of, binding, own, span = tonumber(ARGV[a - 3]), ARGV[a - 2], ARGV[a - 1], ARGV[a]
  local issued = issued_at(own)
  local function covers(its, other)
    return its and tonumber(other) >= tonumber(span) and (its == own or issued_at(its) > issued)
  end
  local covered = issued < spans_forgotten
  local sure = covered
  for other in pairs(latest) do
    local stands, new = (standing[other] or {})[binding], (anew[other] or {})[binding]
    covered, sure = covered or covers(new or stands, other), sure or covers(stands, other)
  end
  local here, new = standing[span], anew[span]
  if of > 0 and out[of] ~= '0' and out[of] ~= '1' then answers[j] = '0'
  elseif covered then
    answers[j] = '1'
    if not sure then raised[j] = {} end -- by one of this batch, if that is written
  elseif not (here and here[binding] or new and new[binding]) and held >= room then answers[j] = '2'
  else
    if not here and not new then
      fresh, list[#list + 1], latest[span] = true, span, 0
    end
    if not new then new = {}; anew[span] = new end
    local before = new[binding] or here and here[binding]
    if not before then held = held + 1
    -- Of two of one millisecond each refuses the other's token, which was asked with it: it stands as
    -- of a nonce that no token has.
    elseif issued_at(before) == issued then own = string.rep('\0', 16) .. string.sub(own, 17) end
    new[binding], latest[span] = own, math.max(latest[span], issued)
    answers[j], raised[j] = '1', { 'HSET', KEYS[2 + known + j], '', int(latest[span]), binding, own }
  end
  if of > 0 then marks[of] = answers[j] end
end
-- What became of a claim's barrier stands behind its digest, for those who read it later.
for i, mark in pairs(marks) do
  if (out[i] == '0' or out[i] == '1') and mark ~= string.sub(was[i + 1] or '', 17) then
    put[#put + 1], put[#put + 2] = ARGV[nonces + i], ARGV[digests + i] .. mark
  end
end

-- Nothing is written before everything is decided. Of a script's writes a full server refuses the
-- first or none.
local writes = {}
if #put > 0 then
  if not live then writes = { { 'HSET', head, 'g' .. ends, '' }, { 'HSET', gen, '', '' } } end
  writes[#writes + 1] = { 'HSET', gen, unpack(put) }
end
if fresh then writes[#writes + 1] = { 'HSET', head, 'b', table.concat(list, ',') } end
for j = 1, m do
  if raised[j] and raised[j][1] then writes[#writes + 1] = raised[j] end
end
for k, write in ipairs(writes) do
  if k > 1 then call(unpack(write))
  else
    local done = redis.pcall(unpack(write))
    if type(done) == 'table' and done.err then
      if not string.find(done.err, 'OOM') then return done end
      for i = 1, n do
        if out[i] ~= '3' and out[i] ~= '4' and not was[i + 1] then out[i] = '5' end
      end
      for j = 1, m do
        local of = tonumber(ARGV[barriers + 4 * j - 3])
        if of > 0 and out[of] ~= '1' then answers[j] = '0'
        elseif raised[j] then answers[j] = '2' end
        if of > 0 then marks[of] = answers[j] end
      end
      break
    end
  end
end

if channel ~= '' and n > 0 then
  local told = {}
  for i = 1, n do
    if out[i] == '0' or out[i] == '1' then told[#told + 1], told[#told + 2] = ARGV[nonces + i], marks[i] or '0' end
  end
  if #told > 0 then call('PUBLISH', channel, table.concat(told)) end
end
return { int(horizon), int(math.max(forgotten, spans_forgotten)), table.concat(out), table.concat(answers) }
