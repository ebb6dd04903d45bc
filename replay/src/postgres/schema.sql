-- Tables and functions of the store in Postgres, version 1, in the schema {schema}.
-- Whoever runs this owns them; the store's role needs
--   GRANT USAGE ON SCHEMA {schema} TO role;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO role;
BEGIN;
SELECT pg_catalog.pg_advisory_xact_lock(4702111234474983746);

DO $$ BEGIN
  IF pg_catalog.to_regnamespace('{schema}') IS NULL THEN
    CREATE SCHEMA {schema};
  END IF;
END $$;

-- Names the memory: which server wrote it, since when it is certain, and up to when it is forgotten.
CREATE TABLE IF NOT EXISTS {schema}.head (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version integer NOT NULL,
  incarnation text NOT NULL,
  horizon bigint NOT NULL,
  forgotten bigint NOT NULL DEFAULT 0,
  barriers_forgotten bigint NOT NULL DEFAULT 0,
  heard_until bigint NOT NULL DEFAULT 0
);

-- Claims by the end of their generation. barrier: what became of it, 0 not asked, 1 raised, 2 no room.
CREATE TABLE IF NOT EXISTS {schema}.claims (
  ends bigint,
  nonce uuid,
  redemption uuid NOT NULL,
  barrier smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (ends, nonce)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

-- For each browser its latest barrier.
CREATE TABLE IF NOT EXISTS {schema}.barriers (
  binding uuid PRIMARY KEY,
  issued bigint NOT NULL,
  nonce uuid NOT NULL,
  ends bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS barriers_ends ON {schema}.barriers (ends);

-- How many barriers there are. Whoever raises one locks this row first.
CREATE TABLE IF NOT EXISTS {schema}.room (one boolean PRIMARY KEY DEFAULT true CHECK (one), held bigint NOT NULL);
INSERT INTO {schema}.room (held) VALUES (0) ON CONFLICT DO NOTHING;

-- For each digest the latest moment as of which it is revoked, and when that is over.
CREATE TABLE IF NOT EXISTS {schema}.revocations (
  digest uuid PRIMARY KEY,
  at bigint NOT NULL,
  ends bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX IF NOT EXISTS revocations_ends ON {schema}.revocations (ends);

-- The latest moment that was given out to sessions and revocations, and whether something was revoked
-- at it; how far revocations are forgotten, and how many there are. Whoever changes any locks this row.
CREATE TABLE IF NOT EXISTS {schema}.moments (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  latest bigint NOT NULL,
  is_revoked boolean NOT NULL,
  forgotten_before bigint NOT NULL DEFAULT 0,
  held bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO {schema}.moments (latest, is_revoked) VALUES (0, false) ON CONFLICT DO NOTHING;

-- Milliseconds since 1970 by the server's clock.
CREATE OR REPLACE FUNCTION {schema}.now_v1() RETURNS bigint LANGUAGE sql VOLATILE
SET search_path = pg_catalog AS $$
  SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint
$$;

-- The head, after noting a horizon if there is none, or one of another server. lossless: a promoted
-- standby has all that its primary answered, so the timeline does not matter.
CREATE OR REPLACE FUNCTION {schema}.head_v1(asked_at bigint, lossless boolean) RETURNS {schema}.head
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  server text := (SELECT s.system_identifier::text FROM pg_control_system() s);
  own text := server || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
  at {schema}.head;
BEGIN
  SELECT h.* INTO at FROM {schema}.head h;
  IF at.incarnation = own OR lossless AND split_part(at.incarnation, '/', 1) = server THEN
    RETURN at;
  END IF;
  INSERT INTO {schema}.head AS h (version, incarnation, horizon)
    VALUES (1, own, greatest({schema}.now_v1(), asked_at))
    ON CONFLICT (one) DO UPDATE SET incarnation = own, horizon = greatest(h.horizon, excluded.horizon)
      WHERE h.incarnation <> own;
  SELECT h.* INTO at FROM {schema}.head h;
  RETURN at;
END $$;

-- Decides questions in order: claims, and barriers alone, which have no redemption. Each statement
-- sees what was committed before it: that is why this is a function, and needs READ COMMITTED.
--
-- full: the server has no room, so nothing is written.
-- answers: for each question 0 first, 1 retry, 2 used, 3 before the horizon, 4 behind a barrier,
-- 5 full, b a barrier alone. marks: for each what became of its barrier; empty if nobody asks for one.
CREATE OR REPLACE FUNCTION {schema}.claim_v1(
  asked_at bigint, skew bigint, room bigint, lossless boolean, "full" boolean, channel text,
  nonces uuid[], redemptions uuid[], bindings uuid[], issues bigint[], generations bigint[],
  barrier_ends bigint[], OUT answers text, OUT marks text)
LANGUAGE plpgsql
SET search_path = pg_catalog
-- Whatever the statistics say, a scan would be of a large table. (Without jit = off the costs by which
-- these are avoided have the server compile each statement: 45 ms.)
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  at {schema}.head;
  answer text[];
  fresh uuid[];
  taken bigint;
  taken_before bigint;
  standing {schema}.barriers;
  is_known boolean;
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000'; -- no token has this nonce
  mark smallint[];
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the isolation level must be READ COMMITTED; set default_transaction_isolation for the role'
      USING ERRCODE = 'feature_not_supported';
  END IF;
  -- For this transaction, also through a pooler. A claim is answered when it is safe.
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  -- Or nobody hears that the wait for a standby was cancelled.
  IF current_setting('client_min_messages') = 'error' THEN
    PERFORM set_config('client_min_messages', 'warning', true);
  END IF;
  PERFORM pg_advisory_xact_lock_shared(4702111234474983745); -- forgetting waits for us, and we for it
  at := {schema}.head_v1(asked_at, lossless);
  IF barrier_ends IS NOT NULL AND NOT "full" THEN
    SELECT r.held INTO taken FROM {schema}.room r WHERE r.one FOR UPDATE;
    taken_before := taken;
  END IF;

  SELECT array_agg(CASE
      WHEN a.redemption IS NULL THEN 'b'
      WHEN a.issued < at.horizon + skew OR a.ends <= at.forgotten
        OR a.binding IS NOT NULL AND a.issued < at.barriers_forgotten THEN '3'
      WHEN a.binding IS NOT NULL AND EXISTS (SELECT FROM {schema}.barriers b
        WHERE b.binding = a.binding AND b.issued >= a.issued AND b.nonce <> a.nonce) THEN '4'
      ELSE '0' END ORDER BY a.n) INTO answer
    FROM unnest(nonces, redemptions, bindings, issues, generations)
      WITH ORDINALITY a (nonce, redemption, binding, issued, ends, n);

  -- In one order for everybody, or two of them could wait for each other.
  IF NOT "full" THEN
    WITH put AS (
      INSERT INTO {schema}.claims (ends, nonce, redemption)
        SELECT a.ends, a.nonce, a.redemption
          FROM unnest(nonces, redemptions, generations, answer) WITH ORDINALITY a (nonce, redemption, ends, answer, n)
          WHERE a.answer = '0' ORDER BY a.ends, a.nonce, a.n
        ON CONFLICT DO NOTHING RETURNING nonce)
    SELECT array_agg(put.nonce) INTO fresh FROM put;
  END IF;
  -- Another statement, which sees the rows that were in the way. Of two questions for one nonce the
  -- first has put it.
  IF coalesce(cardinality(fresh), 0) < cardinality(array_positions(answer, '0')) THEN
    SELECT array_agg(CASE
        WHEN a.answer <> '0' THEN a.answer
        WHEN a.turn = 1 AND a.nonce = ANY (fresh) THEN '0'
        WHEN c.nonce IS NULL THEN '5'
        WHEN c.redemption = a.redemption THEN '1'
        ELSE '2' END ORDER BY a.n) INTO answer
      FROM (SELECT u.*, row_number() OVER (PARTITION BY u.nonce, u.answer ORDER BY u.n) AS turn
        FROM unnest(nonces, redemptions, generations, answer)
          WITH ORDINALITY u (nonce, redemption, ends, answer, n)) a
      LEFT JOIN {schema}.claims c ON c.ends = a.ends AND c.nonce = a.nonce AND a.answer = '0';
  END IF;

  -- A row may be committed here and not yet at a synchronous standby, when somebody cancelled the wait
  -- for it or this server was restarted. Who writes waits for all that came before, and a lock is written.
  IF '1' = ANY (answer) THEN
    PERFORM FROM {schema}.claims c JOIN unnest(nonces, generations, answer) a (nonce, ends, answer)
        ON a.answer = '1' AND c.ends = a.ends AND c.nonce = a.nonce
      ORDER BY c.ends, c.nonce FOR UPDATE OF c;
  END IF;

  IF barrier_ends IS NOT NULL THEN
    mark := array_fill(0, ARRAY[cardinality(nonces)]);
    FOR i IN 1 .. cardinality(nonces) LOOP
      CONTINUE WHEN barrier_ends[i] IS NULL OR answer[i] NOT IN ('b', '0', '1');
      SELECT b.* INTO standing FROM {schema}.barriers b WHERE b.binding = bindings[i];
      is_known := FOUND;
      IF issues[i] < at.barriers_forgotten
        OR is_known AND (standing.issued > issues[i] OR standing.issued = issues[i] AND standing.nonce = nonces[i]) THEN
        mark[i] := 1;
      ELSIF "full" OR NOT is_known AND taken >= room THEN
        mark[i] := 2;
      ELSE
        mark[i] := 1;
        taken := taken + CASE WHEN is_known THEN 0 ELSE 1 END;
        INSERT INTO {schema}.barriers AS b (binding, issued, nonce, ends)
          VALUES (bindings[i], issues[i], nonces[i], barrier_ends[i])
          ON CONFLICT (binding) DO UPDATE
            -- Of two of one millisecond each refuses the other's token, which was asked with it.
            SET nonce = CASE WHEN b.issued < excluded.issued THEN excluded.nonce ELSE nobody END,
              issued = excluded.issued, ends = greatest(b.ends, excluded.ends);
      END IF;
    END LOOP;
    IF NOT "full" THEN
      IF taken <> taken_before THEN
        UPDATE {schema}.room r SET held = taken WHERE r.one;
      END IF;
      -- For listeners who read the claim later.
      UPDATE {schema}.claims c SET barrier = m.mark
        FROM unnest(nonces, generations, answer, mark) m (nonce, ends, answer, mark)
        WHERE m.answer IN ('0', '1') AND c.ends = m.ends AND c.nonce = m.nonce AND c.barrier <> m.mark;
    END IF;
  END IF;

  -- At most 8,000 bytes.
  IF at.heard_until > {schema}.now_v1() AND NOT "full" THEN
    PERFORM pg_notify(channel, string_agg(encode(uuid_send(a.nonce), 'hex') || coalesce(a.mark, 0), ''))
      FROM unnest(nonces, answer, mark) WITH ORDINALITY a (nonce, answer, mark, n)
      WHERE a.answer IN ('0', '1') GROUP BY (a.n - 1) / 200;
  END IF;
  answers := array_to_string(answer, '');
  marks := coalesce(array_to_string(mark, ''), '');
END $$;

-- Notes that claims of generations which are over by both clocks are forgotten. One process does it
-- at a time.
CREATE OR REPLACE FUNCTION {schema}.forget_v1(asked_at bigint, kept bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog SET enable_seqscan = off SET jit = off AS $$
DECLARE
  past bigint := least({schema}.now_v1(), asked_at) - kept;
  newest bigint := (SELECT max(c.ends) FROM {schema}.claims c WHERE c.ends <= past);
BEGIN
  IF newest > (SELECT h.forgotten FROM {schema}.head h)
    AND pg_try_advisory_xact_lock(4702111234474983747) THEN
    PERFORM pg_advisory_xact_lock(4702111234474983745);
    UPDATE {schema}.head h SET forgotten = newest WHERE h.forgotten < newest;
  END IF;
END $$;

-- Removes claims that are forgotten; how many. A transaction of its own: everybody sees the mark.
CREATE OR REPLACE FUNCTION {schema}.sweep_v1(most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog SET enable_seqscan = off SET jit = off AS $$
DECLARE
  removed bigint := 0;
BEGIN
  IF pg_try_advisory_xact_lock(4702111234474983747) THEN
    DELETE FROM {schema}.claims WHERE ctid = ANY (ARRAY(SELECT c.ctid FROM {schema}.claims c
      WHERE c.ends <= (SELECT h.forgotten FROM {schema}.head h) ORDER BY c.ends LIMIT most));
    GET DIAGNOSTICS removed = ROW_COUNT;
  END IF;
  RETURN removed;
END $$;

-- Forgets barriers that are over by both clocks; how many. Afterwards no token of a browser is known
-- that is no younger than the latest of them.
CREATE OR REPLACE FUNCTION {schema}.sweep_barriers_v1(asked_at bigint, kept bigint, most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog SET enable_seqscan = off SET jit = off AS $$
DECLARE
  past bigint := least({schema}.now_v1(), asked_at) - kept;
  latest bigint;
  removed bigint := 0;
BEGIN
  IF EXISTS (SELECT FROM {schema}.barriers b WHERE b.ends <= past)
    AND pg_try_advisory_xact_lock(4702111234474983747) THEN
    PERFORM pg_advisory_xact_lock(4702111234474983745);
    PERFORM FROM {schema}.room r WHERE r.one FOR UPDATE;
    WITH gone AS (DELETE FROM {schema}.barriers WHERE ctid = ANY (ARRAY(SELECT b.ctid FROM {schema}.barriers b
        WHERE b.ends <= past ORDER BY b.ends LIMIT most)) RETURNING issued)
      SELECT max(gone.issued), count(*) INTO latest, removed FROM gone;
    UPDATE {schema}.head h SET barriers_forgotten = greatest(h.barriers_forgotten, latest + 1) WHERE h.one AND removed > 0;
    UPDATE {schema}.room r SET held = r.held - removed WHERE r.one;
  END IF;
  RETURN removed;
END $$;

-- Notes that somebody listens, for a minute; whether nobody did until now. Then claims under way may
-- go untold: wait_v1, and read them.
CREATE OR REPLACE FUNCTION {schema}.hear_v1(asked_at bigint, lossless boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  at {schema}.head := {schema}.head_v1(asked_at, lossless);
  now bigint := {schema}.now_v1();
BEGIN
  UPDATE {schema}.head h SET heard_until = now + 60000;
  RETURN at.heard_until <= now;
END $$;

-- Waits for claims that are under way.
CREATE OR REPLACE FUNCTION {schema}.wait_v1() RETURNS void LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
  SELECT pg_advisory_xact_lock(4702111234474983745)
$$;
-- The moment at which a session begins: later than any revocation that was answered.
CREATE OR REPLACE FUNCTION {schema}.begin_v1() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  moment bigint;
BEGIN
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  UPDATE {schema}.moments m SET is_revoked = false,
      latest = greatest({schema}.now_v1(), m.latest + CASE WHEN m.is_revoked THEN 1 ELSE 0 END)
    RETURNING m.latest INTO STRICT moment;
  RETURN moment;
END $$;

-- Revocations, in order: for each as of which moment it counts, or nothing where there is no room for all
-- of it. Its digests are those of its number, from 1. Those that are absolute count as of now, the others
-- as of the given moment if there is one. No session has begun later than now.
CREATE OR REPLACE FUNCTION {schema}.revoke_v1(asked_at bigint, lossless boolean, room bigint, channel text,
  given bigint[], longest bigint[], digests uuid[], are_absolute boolean[], owners integer[]) RETURNS bigint[]
LANGUAGE plpgsql SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  own {schema}.moments;
  answer bigint;
  answers bigint[] := '{}';
  fresh bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the isolation level must be READ COMMITTED; set default_transaction_isolation for the role'
      USING ERRCODE = 'feature_not_supported';
  END IF;
  IF current_setting('synchronous_commit') IN ('off', 'local') THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  PERFORM {schema}.head_v1(asked_at, lossless);
  SELECT m.* INTO STRICT own FROM {schema}.moments m FOR UPDATE;
  own.latest := greatest(own.latest, {schema}.now_v1());
  FOR i IN 1 .. cardinality(longest) LOOP
    answer := least(given[i], own.latest);
    SELECT count(DISTINCT a.digest) INTO fresh FROM unnest(digests, owners) a (digest, owner)
      WHERE a.owner = i AND NOT EXISTS (SELECT FROM {schema}.revocations r WHERE r.digest = a.digest);
    IF own.held + fresh > room THEN
      answers := answers || NULL::bigint;
      CONTINUE;
    END IF;
    INSERT INTO {schema}.revocations AS r (digest, at, ends)
      SELECT DISTINCT ON (a.digest) a.digest, CASE WHEN a.absolute THEN own.latest ELSE answer END, own.latest + longest[i]
        FROM unnest(digests, are_absolute, owners) a (digest, absolute, owner) WHERE a.owner = i ORDER BY a.digest
      ON CONFLICT (digest) DO UPDATE SET at = greatest(r.at, excluded.at), ends = greatest(r.ends, excluded.ends);
    PERFORM pg_notify(channel, answer || string_agg(' ' || encode(uuid_send(a.digest), 'hex'), ''))
      FROM unnest(digests, owners) a (digest, owner) WHERE a.owner = i;
    own.held := own.held + fresh;
    answers := answers || answer;
  END LOOP;
  UPDATE {schema}.moments m SET latest = own.latest, is_revoked = true, held = own.held;
  RETURN answers;
END $$;

-- Which of these owners have a digest that is revoked: an absolute one, or one as of since or later. And
-- the first moment of which no revocation is unknown or forgotten.
CREATE OR REPLACE FUNCTION {schema}.check_v1(asked_at bigint, lossless boolean, skew bigint,
  digests uuid[], are_absolute boolean[], since bigint[], owners integer[], OUT over integer[], OUT known_from bigint)
LANGUAGE plpgsql SET search_path = pg_catalog
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  at {schema}.head := {schema}.head_v1(asked_at, lossless);
BEGIN
  -- One statement: what is no longer there is forgotten by the mark that it reads.
  SELECT m.forgotten_before, (SELECT array_agg(DISTINCT a.owner)
      FROM unnest(digests, are_absolute, since, owners) a (digest, absolute, since, owner)
      JOIN {schema}.revocations r ON r.digest = a.digest WHERE a.absolute OR r.at >= a.since)
    INTO STRICT known_from, over FROM {schema}.moments m;
  known_from := greatest(known_from, at.horizon + skew);
END $$;

-- Forgets revocations that are over by both clocks; how many. Sessions that began by the latest of them
-- are no longer known.
CREATE OR REPLACE FUNCTION {schema}.sweep_revocations_v1(asked_at bigint, kept bigint, most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog SET enable_seqscan = off SET jit = off AS $$
DECLARE
  past bigint := least({schema}.now_v1(), asked_at) - kept;
  latest_gone bigint;
  removed bigint := 0;
BEGIN
  IF EXISTS (SELECT FROM {schema}.revocations r WHERE r.ends <= past) THEN
    PERFORM FROM {schema}.moments m FOR UPDATE;
    WITH gone AS (DELETE FROM {schema}.revocations WHERE ctid = ANY (ARRAY(SELECT r.ctid FROM {schema}.revocations r
        WHERE r.ends <= past ORDER BY r.ends LIMIT most)) RETURNING at)
      SELECT max(gone.at), count(*) INTO latest_gone, removed FROM gone;
    UPDATE {schema}.moments m SET held = m.held - removed,
      forgotten_before = greatest(m.forgotten_before, latest_gone + 1) WHERE removed > 0;
  END IF;
  RETURN removed;
END $$;

-- The horizon, and up to when revocations are forgotten.
CREATE OR REPLACE FUNCTION {schema}.known_v1(asked_at bigint, lossless boolean, OUT horizon bigint, OUT forgotten_before bigint)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  at {schema}.head := {schema}.head_v1(asked_at, lossless);
BEGIN
  horizon := at.horizon;
  SELECT m.forgotten_before INTO STRICT forgotten_before FROM {schema}.moments m;
END $$;
COMMIT;
