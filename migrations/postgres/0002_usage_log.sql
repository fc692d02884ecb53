-- The usage log, and sums that make its reports cost the same however long it has grown.
--
-- Why a table of its own kind: it alone grows without end, so it is partitioned by month, and old months leave as a whole. And rows
-- commit in another order than that of their ids, so no id can say what is summed already.
--
-- skill_usage_log, beyond SQLite's columns:
--   loaded_time  the instant of loaded_at, to the second; NULL where that is no time. Filled by a trigger, by the rules of cfn_time
--   month        the first day of its month in UTC, '-infinity' where there is none. cfn writes it, and other programs need not:
--                PostgreSQL lets no BEFORE trigger move a new row to another partition, so their rows arrive in the default one, and
--                a trigger moves them after that. A change of loaded_at moves the row too
--   xid          the transaction that wrote the row last
--
-- The invariant: usage_state.rolled_up is a snapshot. For all rows of the log whose xid is visible in it, the rows of usage_daily with
-- archive_id 0 are exactly their sums, except for the pairs of day and skill that usage_dirty names; usage_totals holds the sums of
-- usage_daily without days. All other rows are the tail: reports add them as they are, and cfn folds them in from time to time. Which
-- rows are visible is arithmetic over numbers, so the figures are exact whatever the numbers are, also after a logical restore.
--
-- A change of a row gives it a new xid, so what it is now belongs to the tail; what it was is marked in usage_dirty. Each change writes a
-- mark of its own, unconditionally and without a unique key: a writer cannot see whether somebody else is folding, and a mark that is
-- there already may be about to be deleted. Who folds deletes only the marks that its snapshot shows.
--
-- usage_state.fingerprint: the triggers and partitions for which the invariant was established, see cfn_usage_fingerprint. Where it
-- differs, writes may have been missed, and the sums are made again before they are believed.
--
-- The sums are those of migrations/sqlite (0002, 0003, 0005, 0008): money in whole dollars and billionths, confidences in millionths.

-- No text here has a backslash, which standard_conforming_strings = off in the session of another program would take away.
--
-- The instant that a text names, to the second, as cfn reads times: a day, with a time of day after a blank or T, with Z or an offset
-- after that; UTC where there is none. NULL if there is no such day or time of day, or it is outside the years 0 to 9999.
CREATE FUNCTION cfn_time(written text) RETURNS timestamptz LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
-- Nearly all times are written so: this takes a tenth of the time of what follows. The 29th of February is left to it.
IF written >= '0001' AND written ~ ('^[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)'
    || '|(?:0[13578]|1[02])-31) (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$') THEN
  RETURN written::timestamp AT TIME ZONE 'UTC';
END IF;
DECLARE
  -- Some programs write a blank before the offset.
  part text[] := regexp_match(left(written, 11) || regexp_replace(substr(written, 12), ' ', ''),
    '^([0-9]{4})-([0-9]{2})-([0-9]{2})'
    || '(?:[ Tt]([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:[.,][0-9]{1,9})?)?)?'
    || '(?:([Zz])|([+-])([0-9]{2})(?::?([0-9]{2})(?::?([0-9]{2})(?:[.,]([0-9])[0-9]{0,8})?)?)?)?)?'
    || '((?:[[]!?(?:[+-][0-9]{2}(?::?[0-9]{2})?|[A-Za-z_.][A-Za-z0-9_.+-]*(?:/[A-Za-z_.][A-Za-z0-9_.+-]*)*)[]])?)'
    || '(?:[[][a-z_][a-z0-9_-]*=[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*[]])*$');
  year int := part[1]; month int := part[2]; day int := part[3];
  hour int := coalesce(part[4], '0'); minute int := coalesce(part[5], '0'); second int := coalesce(part[6], '0');
  away int := coalesce(part[9], '0')::int * 3600 + coalesce(part[10], '0')::int * 60 + coalesce(part[11], '0')::int
    + CASE WHEN part[12] >= '5' THEN 1 ELSE 0 END;
  days int := CASE WHEN month IN (4, 6, 9, 11) THEN 30 WHEN month <> 2 THEN 31
    WHEN year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0) THEN 29 ELSE 28 END;
  at timestamptz;
BEGIN
  IF part IS NULL OR month NOT BETWEEN 1 AND 12 OR day NOT BETWEEN 1 AND days OR hour > 23 OR minute > 59 OR second > 60 THEN
    RETURN NULL;
  END IF;
  IF part[9] > '25' OR part[10] > '59' OR part[11] > '59' OR away > 54000 THEN
    RETURN NULL;
  END IF;
  -- A time zone's name alone says nothing here.
  IF part[7] IS NULL AND part[8] IS NULL AND part[13] <> '' THEN
    RETURN NULL;
  END IF;
  -- PostgreSQL counts the year before 1 as -1.
  at := make_timestamp(CASE year WHEN 0 THEN -1 ELSE year END, month, day, hour, minute, least(second, 59)) AT TIME ZONE 'UTC'
    - make_interval(secs => CASE part[8] WHEN '-' THEN -away ELSE away END);
  -- The last instant that cfn computes with; a time that is written like cfn's own is not computed with.
  RETURN CASE WHEN at >= '0001-01-01 00:00:00+00 BC' AND at < '9999-12-30 22:00:01+00' THEN at END;
END;
END $$;

-- As the database writes a time.
CREATE FUNCTION cfn_time_text(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN at < '0001-01-01 00:00:00+00' THEN '0000' || to_char(at AT TIME ZONE 'UTC', '-MM-DD HH24:MI:SS')
    ELSE to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') END $$;

-- The UTC day of an instant; empty where there is none.
CREATE FUNCTION cfn_day(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN at IS NULL THEN '' WHEN at < '0001-01-01 00:00:00+00' THEN '0000' || to_char(at AT TIME ZONE 'UTC', '-MM-DD')
    ELSE to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') END $$;

-- The partition's month.
CREATE FUNCTION cfn_month(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(date_trunc('month', at AT TIME ZONE 'UTC')::date, '-infinity'::date) $$;

CREATE TABLE skill_usage_log (
  id bigint GENERATED BY DEFAULT AS IDENTITY,
  agent_id text COLLATE "C" NOT NULL,
  agent_type text COLLATE "C" NOT NULL,
  skill_id bigint NOT NULL REFERENCES skills (id) ON DELETE CASCADE,
  task_id text COLLATE "C",
  phase text COLLATE "C",
  loaded_at text COLLATE "C" NOT NULL DEFAULT to_char(statement_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
  execution_time_ms bigint,
  confidence_before double precision,
  confidence_after double precision,
  success_indicator smallint,
  test_suite_executed smallint,
  test_pass_rate double precision,
  notes text COLLATE "C",
  approval_level text COLLATE "C",
  phase4_generated smallint DEFAULT 0,
  exit_code bigint,
  version text COLLATE "C",
  content_hash text COLLATE "C",
  tokens_avoided bigint,
  cost_avoided_usd double precision,
  open_key text COLLATE "C",
  loaded_time timestamptz,
  month date NOT NULL DEFAULT '-infinity',
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (id, month)
) PARTITION BY RANGE (month);
CREATE TABLE skill_usage_log_rest PARTITION OF skill_usage_log DEFAULT;

-- the archive, and other programs' reports over days.
CREATE INDEX idx_usage_time ON skill_usage_log USING brin (loaded_time);
-- summing a day of a skill again, the usage of one skill, and the cascade.
CREATE INDEX idx_usage_skill_loaded ON skill_usage_log (skill_id, loaded_time);
-- which bytes an agent got in a task; the rows of a task, newest first.
CREATE INDEX idx_usage_task ON skill_usage_log (task_id, id);
-- load: the latest pass rate of a skill, however many rows have none.
CREATE INDEX idx_usage_pass_rate ON skill_usage_log (skill_id, id) WHERE test_pass_rate IS NOT NULL;
-- log: the use that it completes, however many agents share a task's name.
CREATE INDEX idx_usage_open ON skill_usage_log (task_id, agent_id, skill_id, id) WHERE open_key IS NOT NULL;
-- reports: the rows that are not summed yet.
CREATE INDEX idx_usage_xid ON skill_usage_log (xid);

CREATE TABLE usage_daily (
  day text COLLATE "C" NOT NULL, skill_id bigint NOT NULL, agent_type text COLLATE "C" NOT NULL,
  approval_level text COLLATE "C" NOT NULL, archive_id bigint NOT NULL, part bigint NOT NULL,
  uses bigint NOT NULL, measured bigint NOT NULL, gain bigint NOT NULL, helped bigint NOT NULL, timed bigint NOT NULL,
  time_ms bigint NOT NULL, outcomes bigint NOT NULL, succeeded bigint NOT NULL, tokens bigint NOT NULL, usd bigint NOT NULL,
  nano_usd bigint NOT NULL, first_used text COLLATE "C", last_used text COLLATE "C", unpriced bigint NOT NULL,
  PRIMARY KEY (day, skill_id, agent_type, approval_level, archive_id, part)
);
CREATE TABLE usage_totals (
  archived smallint NOT NULL, skill_id bigint NOT NULL, agent_type text COLLATE "C" NOT NULL, approval_level text COLLATE "C" NOT NULL,
  uses bigint NOT NULL, measured bigint NOT NULL, gain bigint NOT NULL, helped bigint NOT NULL, timed bigint NOT NULL,
  time_ms bigint NOT NULL, outcomes bigint NOT NULL, succeeded bigint NOT NULL, tokens bigint NOT NULL, usd bigint NOT NULL,
  nano_usd bigint NOT NULL, first_used text COLLATE "C", last_used text COLLATE "C", unpriced bigint NOT NULL,
  PRIMARY KEY (archived, skill_id, agent_type, approval_level)
);
-- summing a skill's days again.
CREATE INDEX idx_usage_daily_skill ON usage_daily (skill_id);
-- taking the sums of a part that comes back away.
CREATE INDEX idx_usage_daily_part ON usage_daily (archive_id, part) WHERE archive_id > 0;

-- A pair of day and skill whose sums are out of date; both NULL if all are.
CREATE TABLE usage_dirty (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  day text COLLATE "C",
  skill_id bigint
);

-- One row. Nothing is summed before the first transaction.
CREATE TABLE usage_state (
  id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
  rolled_up text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C"
);
INSERT INTO usage_state (rolled_up) VALUES ('1:1:');

-- As on SQLite: rows of the log that are in a file outside; see migrations/sqlite/0003_usage_archive.sql.
CREATE TABLE usage_archives (
  id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  sha256 text COLLATE "C" UNIQUE, before text COLLATE "C", file text COLLATE "C", rows bigint, parts bigint, archived_at text COLLATE "C"
);
CREATE TABLE usage_archive_parts (archive_id bigint, part bigint, PRIMARY KEY (archive_id, part));
CREATE TABLE usage_archive_kept (archive_id bigint, part bigint, row_id bigint, PRIMARY KEY (archive_id, part, row_id));

DO $migration$
BEGIN
EXECUTE format($sql$

-- The columns that no program needs to write. What is no number is none, as on SQLite.
CREATE FUNCTION cfn_usage_fill() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.loaded_time := %1$I.cfn_time(NEW.loaded_at);
  NEW.xid := pg_current_xact_id();
  NEW.confidence_before := nullif(NEW.confidence_before, 'NaN');
  NEW.confidence_after := nullif(NEW.confidence_after, 'NaN');
  NEW.test_pass_rate := nullif(NEW.test_pass_rate, 'NaN');
  NEW.cost_avoided_usd := nullif(NEW.cost_avoided_usd, 'NaN');
  IF TG_OP = 'UPDATE' THEN
    NEW.month := %1$I.cfn_month(NEW.loaded_time);
  END IF;
  RETURN NEW;
END $$;

-- Moves a row that another program wrote to its month: the update writes the month, see above.
CREATE FUNCTION cfn_usage_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE %1$I.skill_usage_log SET month = '-infinity' WHERE id = NEW.id AND month = NEW.month;
  RETURN NULL;
END $$;

CREATE FUNCTION cfn_usage_mark() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO %1$I.usage_dirty (day, skill_id) VALUES (%1$I.cfn_day(OLD.loaded_time), OLD.skill_id);
  RETURN NULL;
END $$;

CREATE FUNCTION cfn_usage_emptied() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO %1$I.usage_dirty (day, skill_id) VALUES (NULL, NULL);
  RETURN NULL;
END $$;

-- The log and its partitions.
CREATE FUNCTION cfn_usage_tables() RETURNS SETOF regclass LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT relid FROM pg_partition_tree(%2$L::regclass)
$$;

-- Changes with every change of a trigger or partition, also with one that was undone since: a row of the catalogue that was
-- written again has another xmin. And with the server and the database: a restore brings rows of another server's transactions.
CREATE FUNCTION cfn_usage_fingerprint() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT md5(concat_ws(' ', (SELECT system_identifier FROM pg_control_system()),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    (SELECT string_agg(concat_ws(':', inhrelid, xmin, inhdetachpending), ',' ORDER BY inhrelid)
      FROM pg_inherits WHERE inhparent = %2$L::regclass),
    (SELECT string_agg(concat_ws(':', t.oid, t.xmin, t.tgrelid, t.tgenabled), ',' ORDER BY t.oid)
      FROM pg_trigger t WHERE t.tgrelid IN (SELECT %1$I.cfn_usage_tables()) AND starts_with(t.tgname::text, 'cfn_usage_')),
    (SELECT string_agg(concat_ws(':', oid, xmin), ',' ORDER BY oid)
      FROM pg_proc WHERE pronamespace = %3$L::regnamespace
        AND (starts_with(proname::text, 'cfn_usage_') OR proname IN ('cfn_time', 'cfn_day', 'cfn_month')))))
$$;

-- Whether every trigger is there and fires always.
CREATE FUNCTION cfn_usage_guarded() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT 1 FROM %1$I.cfn_usage_tables() log, unnest(ARRAY['fill', 'place', 'mark', 'emptied']) AS of (what)
    WHERE NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = log AND t.tgname = 'cfn_usage_' || of.what AND t.tgenabled = 'A'))
$$;

-- Puts the triggers in place, in the stead of those that are there. Triggers for TRUNCATE are not inherited.
CREATE FUNCTION cfn_usage_guard() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  log regclass;
BEGIN
  DROP TRIGGER IF EXISTS cfn_usage_fill ON %1$I.skill_usage_log;
  DROP TRIGGER IF EXISTS cfn_usage_place ON %1$I.skill_usage_log;
  DROP TRIGGER IF EXISTS cfn_usage_mark ON %1$I.skill_usage_log;
  CREATE TRIGGER cfn_usage_fill BEFORE INSERT OR UPDATE ON %1$I.skill_usage_log
    FOR EACH ROW EXECUTE FUNCTION %1$I.cfn_usage_fill();
  CREATE TRIGGER cfn_usage_place AFTER INSERT ON %1$I.skill_usage_log
    FOR EACH ROW WHEN (NEW.month <> %1$I.cfn_month(NEW.loaded_time)) EXECUTE FUNCTION %1$I.cfn_usage_place();
  CREATE TRIGGER cfn_usage_mark AFTER UPDATE OR DELETE ON %1$I.skill_usage_log
    FOR EACH ROW EXECUTE FUNCTION %1$I.cfn_usage_mark();
  FOR log IN SELECT %1$I.cfn_usage_tables() LOOP
    PERFORM %1$I.cfn_usage_guard_one(log);
  END LOOP;
END $$;

CREATE FUNCTION cfn_usage_guard_one(log regclass) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('DROP TRIGGER IF EXISTS cfn_usage_emptied ON %%s', log);
  EXECUTE format('CREATE TRIGGER cfn_usage_emptied AFTER TRUNCATE ON %%s EXECUTE FUNCTION %1$I.cfn_usage_emptied()', log);
  EXECUTE format('ALTER TABLE %%s ENABLE ALWAYS TRIGGER cfn_usage_fill, ENABLE ALWAYS TRIGGER cfn_usage_place,
    ENABLE ALWAYS TRIGGER cfn_usage_mark, ENABLE ALWAYS TRIGGER cfn_usage_emptied', log);
END $$;

-- Makes the partition of a month, and moves there what the default one has of it; returns how many rows, NULL if it was there. Rows
-- only change their place, so they are not marked, and sums that were believed are believed after it.
CREATE FUNCTION cfn_usage_partition(first date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text := 'skill_usage_log_' || to_char(first, 'YYYY_MM');
  moved bigint;
  believed boolean;
BEGIN
  IF to_regclass(format('%%I.%%I', %1$L, name)) IS NOT NULL THEN
    RETURN NULL;
  END IF;
  LOCK TABLE %1$I.skill_usage_log_rest IN ACCESS EXCLUSIVE MODE;
  believed := (SELECT fingerprint = %1$I.cfn_usage_fingerprint() FROM %1$I.usage_state);
  EXECUTE format('CREATE TABLE %1$I.%%I (LIKE %1$I.skill_usage_log INCLUDING DEFAULTS)', name);
  ALTER TABLE %1$I.skill_usage_log_rest DISABLE TRIGGER cfn_usage_mark;
  EXECUTE format('WITH gone AS (DELETE FROM %1$I.skill_usage_log_rest WHERE month = $1 RETURNING *)
    INSERT INTO %1$I.%%I SELECT * FROM gone', name) USING first;
  GET DIAGNOSTICS moved = ROW_COUNT;
  ALTER TABLE %1$I.skill_usage_log_rest ENABLE ALWAYS TRIGGER cfn_usage_mark;
  EXECUTE format('ALTER TABLE %1$I.skill_usage_log ATTACH PARTITION %1$I.%%I FOR VALUES FROM (%%L) TO (%%L)',
    name, first, (first + interval '1 month')::date);
  PERFORM %1$I.cfn_usage_guard_one(format('%%I.%%I', %1$L, name)::regclass);
  IF believed THEN
    UPDATE %1$I.usage_state SET fingerprint = %1$I.cfn_usage_fingerprint();
  END IF;
  RETURN moved;
END $$;

REVOKE EXECUTE ON FUNCTION cfn_usage_fill(), cfn_usage_place(), cfn_usage_mark(), cfn_usage_emptied(), cfn_usage_guard(),
  cfn_usage_guard_one(regclass), cfn_usage_partition(date) FROM PUBLIC

$sql$, current_schema(), format('%I.skill_usage_log', current_schema()), quote_ident(current_schema()));
END $migration$;

SELECT cfn_usage_guard();
SELECT cfn_usage_partition((date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date)
  AS moved FROM generate_series(0, 3) AS ahead;
UPDATE usage_state SET fingerprint = cfn_usage_fingerprint();
