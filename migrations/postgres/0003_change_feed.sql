-- The change feed, from which databases in files follow this one.
--
-- Why: a follower pulls what changed since its last pull. A row says that something with this key changed, not how: the follower takes
-- what is there now, in one snapshot. So a key whose row is gone is its own tombstone, and feed and tables cannot disagree.
--
--   kind 'skill'     the skill with this id, or what belongs to it: versions, files, decisions, mappings, former names, events
--   kind 'content'   the bytes with this hash: stored, or erased
--   kind 'table'     the table with this name: all of it may have changed
--
-- A transaction writes a row once for each kind and key. New since a pull is what is not visible in the snapshot of that pull, or has
-- a higher xid than all rows of it. A follower also keeps random of the newest rows that it saw: where they are missing, the database
-- is another one now (a dump keeps numbers of transactions, a recovery gives them out again), and the follower pulls everything.
-- After a restore, a row may have the number of a transaction that is still to come. It counts as new until then.
--
-- db maintain removes rows that are older than 30 days. cfn_metadata 'feed_from' is the highest xid that it removed: who has not seen
-- all rows up to it pulls everything. 'feed_triggers' is what cfn_feed_shape() is while nothing is missed.
--
-- Row triggers: most statements change one row, and a trigger that records a version for each of 10,000 skills writes each alone.
CREATE TABLE cfn_feed (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  random uuid NOT NULL DEFAULT gen_random_uuid(),
  written timestamptz NOT NULL DEFAULT statement_timestamp(),
  PRIMARY KEY (xid, kind, key)
);

-- The functions work for programs with any search_path and few rights: see 0001. The row of a file or a content has no skill_id.
DO $do$
DECLARE
  schema text := current_schema();
  made record;
  watched record;
BEGIN
  FOR made IN SELECT * FROM (VALUES ('cfn_feed_id', 'skill', 'it.id::text'), ('cfn_feed_skill', 'skill', 'it.skill_id::text'),
      ('cfn_feed_file', 'skill', format('(SELECT skill_id::text FROM %I.skill_versions WHERE id = it.version_id)', schema)),
      ('cfn_feed_content', 'content', 'it.hash')) AS of (name, kind, key) LOOP
    EXECUTE format('CREATE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS %L', made.name, format($body$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO %1$I.cfn_feed (kind, key) SELECT %2$L, key FROM (SELECT %3$s) AS of (key) WHERE key IS NOT NULL
      ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO %1$I.cfn_feed (kind, key) SELECT %2$L, key FROM (SELECT %4$s) AS of (key) WHERE key IS NOT NULL
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$body$, schema, made.kind, replace(made.key, 'it.', 'OLD.'), replace(made.key, 'it.', 'NEW.')));
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %I() FROM PUBLIC', made.name);
  END LOOP;

  EXECUTE format('CREATE FUNCTION cfn_feed_table() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
      SET search_path = pg_catalog, pg_temp AS %L', format($body$
BEGIN
  INSERT INTO %1$I.cfn_feed (kind, key) VALUES ('table', TG_TABLE_NAME) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$body$, schema));
  REVOKE EXECUTE ON FUNCTION cfn_feed_table() FROM PUBLIC;

  FOR watched IN SELECT * FROM (VALUES ('skills', 'cfn_feed_id'), ('skill_versions', 'cfn_feed_skill'), ('skill_files', 'cfn_feed_file'),
      ('approval_history', 'cfn_feed_skill'), ('agent_skill_mappings', 'cfn_feed_skill'), ('cfn_aliases', 'cfn_feed_skill'),
      ('cfn_events', 'cfn_feed_skill'), ('phase4_skill_generation', 'cfn_feed_skill'), ('edge_case_tracking', 'cfn_feed_skill'),
      ('skill_contents', 'cfn_feed_content')) AS of (name, function) LOOP
    EXECUTE format('CREATE TRIGGER cfn_feed AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION %I()',
      watched.name, watched.function);
    EXECUTE format('CREATE TRIGGER cfn_feed_emptied AFTER TRUNCATE ON %I EXECUTE FUNCTION cfn_feed_table()', watched.name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER cfn_feed, ENABLE ALWAYS TRIGGER cfn_feed_emptied', watched.name);
  END LOOP;
  FOR watched IN SELECT * FROM (VALUES ('bootstrap_skills'), ('approval_criteria_templates'), ('other_values')) AS of (name) LOOP
    EXECUTE format('CREATE TRIGGER cfn_feed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I EXECUTE FUNCTION cfn_feed_table()',
      watched.name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER cfn_feed', watched.name);
  END LOOP;

  -- What the triggers and their functions are.
  EXECUTE format('CREATE FUNCTION cfn_feed_shape() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS %L',
    format($body$
  SELECT md5(string_agg(concat_ws(' ', c.relname, t.tgname, t.tgtype, t.tgenabled, t.tgattr, t.tgqual, p.proname, p.prosecdef,
      p.proconfig, md5(p.prosrc)), ',' ORDER BY c.relname, t.tgname))
  FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid JOIN pg_class c ON c.oid = t.tgrelid
  WHERE p.pronamespace = %L::regnamespace AND starts_with(p.proname::text, 'cfn_feed_')
$body$, quote_ident(schema)));
  -- Changes with every change of one of them, also with one that was undone since, and with the schema.
  EXECUTE format('CREATE FUNCTION cfn_feed_fingerprint() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS %L',
    format($body$
  SELECT md5(concat_ws(' ', (SELECT oid FROM pg_database WHERE datname = current_database()),
    string_agg(concat_ws(' ', t.oid, t.xmin, t.tgrelid, p.oid, p.xmin), ',' ORDER BY t.oid)))
  FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid
  WHERE p.pronamespace = %L::regnamespace AND starts_with(p.proname::text, 'cfn_feed_')
$body$, quote_ident(schema)));
END
$do$;

INSERT INTO cfn_metadata (name, value) VALUES
  ('feed_from', '0'), ('feed_triggers', convert_to(cfn_feed_shape(), 'UTF8'));

-- A revocation of a folder reaches every skill that has it.
CREATE INDEX skill_versions_folder ON skill_versions (folder_hash) WHERE folder_hash IS NOT NULL;
