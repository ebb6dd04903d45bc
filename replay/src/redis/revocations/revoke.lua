-- Looks digests up, begins a session, or revokes. Behind head.lua.
--
-- KEYS: the head; the hash of the span to which revocations are added, or the head again; the hash of
-- each span that the caller knows of.
-- ARGV, behind those of head.lua, whose field is m: the latest moment that the caller knows of, twice,
-- and one more if something was revoked at it, as the head has it; 'look', 'begin' or 'revoke'; the
-- channel or ''. To look up, then the digests. To revoke, then the most entries; how long the longest
-- session lasts; the end of the span that is added to; then for each revocation its moment or '', the
-- number of its subjects, and these: 'a' if it is absolute or 't' if it is timed, and the digest.
--
-- Answers, behind those of head.lua: the latest moment, as above; then to look up, the place of each
-- digest that is revoked, and as of when; to revoke, as of which moment each counts, or '' where there is
-- no room. Nothing is revoked, and nothing more answered, where the span ends before the sessions do.
local kept, known, what, channel = tonumber(at[6] or 0), tonumber(ARGV[6]), ARGV[7], ARGV[8]
local latest, answer, told = math.max(kept, known), {}, {}

-- Whoever knows a later moment than the head was answered by data that are lost.
if kept < known then begin() end

if what == 'look' then
  local digests, over = { '' }, {}
  for i = 9, #ARGV do digests[i - 7] = ARGV[i] end
  for _, values in pairs((read_spans(digests))) do
    for i = 2, #digests do
      if values[i] then over[i] = math.max(over[i] or 0, tonumber(values[i])) end
    end
  end
  for i, as_of in pairs(over) do answer[#answer + 1], answer[#answer + 2] = int(i - 2), int(as_of) end
  -- Nobody hears it, but replicas get it: one that has it has everything before it, and a primary that
  -- was deposed has none.
  if channel ~= '' then call('PUBLISH', channel, '') end
elseif what == 'begin' then
  -- Later than a revocation, and no later than another session.
  latest = math.max(latest + latest % 2, 2 * server_now)
else
  latest = math.max(latest, 2 * server_now)
  latest = latest + 1 - latest % 2
  local moment, room, longest, ends = math.floor(latest / 2), tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
  if tonumber(ends) >= moment + longest then
    local spans_now, list, held = read_spans({ '' }, true)
    local listed, digests, revocations, a = spans_now[ends], {}, {}, 12
    while a < #ARGV do
      local as_of = ARGV[a] == '' and moment or math.min(tonumber(ARGV[a]), moment)
      local subjects, count = {}, tonumber(ARGV[a + 1])
      for k = a + 2, a + 1 + count do
        local digest = string.sub(ARGV[k], 2)
        local own = string.sub(ARGV[k], 1, 1) == 'a' and moment or as_of
        subjects[digest], digests[#digests + 1] = math.max(own, subjects[digest] or 0), digest
      end
      revocations[#revocations + 1] = { as_of = as_of, subjects = subjects }
      a = a + 2 + count
    end
    local found, stands, changed = listed and call('HMGET', KEYS[2], unpack(digests)) or {}, {}, {}
    for i, digest in ipairs(digests) do stands[digest] = found[i] and tonumber(found[i]) end
    for i, one in ipairs(revocations) do
      local fresh = 0
      for digest in pairs(one.subjects) do
        if not stands[digest] then fresh = fresh + 1 end
      end
      answer[i] = ''
      if held + fresh <= room then
        held, answer[i] = held + fresh, int(one.as_of)
        for digest, own in pairs(one.subjects) do
          if own > (stands[digest] or -1) then stands[digest], changed[digest] = own, true end
          told[#told + 1] = string.format('%015.0f', one.as_of) .. digest
        end
      end
    end
    local put, newest = {}, listed and tonumber(listed[1]) or 0
    for digest in pairs(changed) do
      put[#put + 1], put[#put + 2] = digest, int(stands[digest])
      newest = math.max(newest, stands[digest])
    end
    -- Of a script's writes a full server refuses the first or none.
    if #put > 0 then
      call('HSET', KEYS[2], '', int(newest), unpack(put))
      if not listed then
        list[#list + 1] = ends
        call('HSET', head, 'b', table.concat(list, ','))
      end
    end
  end
end
if latest ~= kept then call('HSET', head, 'm', int(latest)) end
if channel ~= '' and #told > 0 then call('PUBLISH', channel, table.concat(told)) end
return { int(horizon), int(spans_forgotten), int(latest), unpack(answer) }
