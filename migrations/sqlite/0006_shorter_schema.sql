-- The same promises in a shorter schema.
--
-- Why: every process that opens the database parses the whole schema, about 150 instructions a character, which was more than half
-- of what a load costs. So nothing stored here has blanks, names or words that it can do without, and nothing is said twice:
--
--   cfn_tokens          one row: the two tokens that change with every write, by whatever program; before, rows of cfn_metadata.
--                       A write to skills names the skill there, and one trigger on that column records its version, for
--                       inserts and updates alike
--   views               without joins: the same rows and columns. A data step puts them in place of those that have their columns
--   archives, outbox    columns without types and rules: cfn alone writes them
--
-- ON CONFLICT DO NOTHING: inside a trigger the OR clause of the outer statement wins over one of the inner statement, and INSERT OR
-- REPLACE INTO skills would replace a recorded version's bytes; but it does not win over this clause.

DROP TRIGGER IF EXISTS cfn_skills_insert;
DROP TRIGGER IF EXISTS cfn_skills_update;
DROP TRIGGER IF EXISTS cfn_skills_delete;
DROP TRIGGER IF EXISTS cfn_approval_history_insert;
DROP TRIGGER IF EXISTS cfn_approval_history_update;
DROP TRIGGER IF EXISTS cfn_approval_history_delete;
DROP TRIGGER IF EXISTS cfn_agent_skill_mappings_insert;
DROP TRIGGER IF EXISTS cfn_agent_skill_mappings_update;
DROP TRIGGER IF EXISTS cfn_agent_skill_mappings_delete;
DROP TRIGGER IF EXISTS cfn_bootstrap_skills_insert;
DROP TRIGGER IF EXISTS cfn_bootstrap_skills_update;
DROP TRIGGER IF EXISTS cfn_bootstrap_skills_delete;
DROP TRIGGER IF EXISTS cfn_skill_contents_insert;
DROP TRIGGER IF EXISTS cfn_skill_contents_update;
DROP TRIGGER IF EXISTS cfn_skill_contents_delete;
DROP TRIGGER IF EXISTS cfn_skill_versions_insert;
DROP TRIGGER IF EXISTS cfn_skill_versions_update;
DROP TRIGGER IF EXISTS cfn_skill_versions_delete;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_replace;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_insert;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_update;
DROP TRIGGER IF EXISTS cfn_skill_usage_log_delete;

CREATE TABLE cfn_tokens(catalogue,usage,skill);
INSERT INTO cfn_tokens VALUES(random(),random(),NULL);
DELETE FROM cfn_metadata WHERE name IN ('catalogue_token', 'usage_token');

-- By way of temporary tables: a table that is renamed fails where somebody else's view names what is not there any more.
CREATE TEMP TABLE old_archives AS SELECT id, sha256, before, file, rows, parts, archived_at FROM usage_archives;
DROP TABLE usage_archives;
CREATE TABLE usage_archives(id INTEGER PRIMARY KEY,sha256 UNIQUE,before,file,rows,parts,archived_at);
INSERT INTO usage_archives SELECT * FROM old_archives;
DROP TABLE old_archives;
CREATE TEMP TABLE old_parts AS SELECT archive_id, part FROM usage_archive_parts;
DROP TABLE usage_archive_parts;
CREATE TABLE usage_archive_parts(archive_id,part,PRIMARY KEY(archive_id,part))WITHOUT ROWID;
INSERT INTO usage_archive_parts SELECT * FROM old_parts;
DROP TABLE old_parts;
CREATE TEMP TABLE old_kept AS SELECT archive_id, part, row_id FROM usage_archive_kept;
DROP TABLE usage_archive_kept;
CREATE TABLE usage_archive_kept(archive_id,part,row_id,PRIMARY KEY(archive_id,part,row_id))WITHOUT ROWID;
INSERT INTO usage_archive_kept SELECT * FROM old_kept;
DROP TABLE old_kept;

-- No id of a delivery is given out twice, also not after the last one was delivered.
CREATE TEMP TABLE old_outbox AS
  SELECT id, delivery_key, pattern_id, kind, payload, created_at, set_aside_at, reason, not_before FROM outbox;
CREATE TEMP TABLE old_sequence AS SELECT seq FROM sqlite_sequence WHERE name = 'outbox';
DROP TABLE outbox;
CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT,delivery_key DEFAULT(lower(hex(randomblob(16)))),pattern_id,kind,payload,created_at DEFAULT(datetime('now')),set_aside_at,reason,not_before);
INSERT INTO outbox SELECT * FROM old_outbox;
DELETE FROM sqlite_sequence WHERE name = 'outbox';
INSERT INTO sqlite_sequence SELECT 'outbox', seq FROM old_sequence;
DROP TABLE old_outbox;
DROP TABLE old_sequence;

-- A version is recorded once, by whoever writes the skill.
CREATE TRIGGER cfn_skills_insert AFTER INSERT ON skills BEGIN UPDATE cfn_tokens SET catalogue=random(),skill=NEW.id;END;
CREATE TRIGGER cfn_skills_update AFTER UPDATE ON skills BEGIN UPDATE cfn_tokens SET catalogue=random(),skill=NEW.id;END;
CREATE TRIGGER cfn_skills_delete AFTER DELETE ON skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_record AFTER UPDATE OF skill ON cfn_tokens BEGIN INSERT INTO skill_versions(skill_id,version,content_hash,content_path,approval_level,source)SELECT id,version,content_hash,ifnull(content_path,''),ifnull(approval_level,'human'),'external'FROM skills WHERE id=NEW.skill AND version||content_hash NOTNULL ON CONFLICT DO NOTHING;END;

-- Other programs approve a version by its number: the approval is bound to the bytes that the number has at that moment.
CREATE TRIGGER cfn_approvals_insert AFTER INSERT ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();UPDATE approval_history SET content_hash=(SELECT content_hash FROM skill_versions WHERE skill_id=NEW.skill_id AND version=NEW.version)WHERE rowid=NEW.rowid AND content_hash ISNULL;END;
CREATE TRIGGER cfn_approvals_update AFTER UPDATE ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_approvals_delete AFTER DELETE ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();END;

-- The rest of the catalogue: only the token. A delete by INSERT OR REPLACE fires no delete trigger, but the insert that follows it
-- fires one.
CREATE TRIGGER cfn_mappings_insert AFTER INSERT ON agent_skill_mappings BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_mappings_update AFTER UPDATE ON agent_skill_mappings BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_mappings_delete AFTER DELETE ON agent_skill_mappings BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_bootstrap_insert AFTER INSERT ON bootstrap_skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_bootstrap_update AFTER UPDATE ON bootstrap_skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_bootstrap_delete AFTER DELETE ON bootstrap_skills BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_contents_insert AFTER INSERT ON skill_contents BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_contents_update AFTER UPDATE ON skill_contents BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_contents_delete AFTER DELETE ON skill_contents BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_insert AFTER INSERT ON skill_versions BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_update AFTER UPDATE ON skill_versions BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_versions_delete AFTER DELETE ON skill_versions BEGIN UPDATE cfn_tokens SET catalogue=random();END;

-- The usage log: its token, and which sums are out of date (0005).
CREATE TRIGGER cfn_usage_replace BEFORE INSERT ON skill_usage_log BEGIN INSERT INTO usage_dirty SELECT loaded_at,skill_id FROM skill_usage_log WHERE id=NEW.id;END;
CREATE TRIGGER cfn_usage_insert AFTER INSERT ON skill_usage_log BEGIN UPDATE cfn_tokens SET usage=random();INSERT INTO usage_dirty SELECT NEW.loaded_at,NEW.skill_id FROM cfn_metadata WHERE name='rolled_up_through'AND value>=NEW.id;END;
CREATE TRIGGER cfn_usage_update BEFORE UPDATE ON skill_usage_log BEGIN UPDATE cfn_tokens SET usage=random();INSERT INTO usage_dirty SELECT loaded_at,skill_id FROM cfn_metadata,(SELECT loaded_at,skill_id FROM skill_usage_log WHERE id IN(OLD.id,NEW.id)UNION ALL SELECT NEW.loaded_at,NEW.skill_id)WHERE name='rolled_up_through'AND value>=min(OLD.id,NEW.id);END;
CREATE TRIGGER cfn_usage_delete AFTER DELETE ON skill_usage_log BEGIN UPDATE cfn_tokens SET usage=random();INSERT INTO usage_dirty SELECT OLD.loaded_at,OLD.skill_id FROM cfn_metadata WHERE name='rolled_up_through'AND value>=OLD.id;END;
