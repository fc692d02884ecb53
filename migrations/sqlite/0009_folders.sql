-- The files of a version beside its SKILL.md, and decisions about whole folders.
--
-- Why: a skill tells an agent to run what lies beside SKILL.md, so a decision about SKILL.md alone does not cover the code that runs.
-- Most folders hold SKILL.md alone. They cost nothing: no row here, and no folder_hash.
--
--   skill_files   every file of a version, SKILL.md too; mode is 100644 or 100755; its bytes are in skill_contents
--   folder_hash   SHA-256 over a line 'MODE HASH PATH' for each file, sorted by the bytes of the path; NULL for SKILL.md alone.
--                 A decision binds to it. Decisions before this schema were about SKILL.md alone
--
-- Every process parses this, so columns have no types that no rule needs.

ALTER TABLE skill_versions ADD folder_hash;
ALTER TABLE approval_history ADD folder_hash;
CREATE TABLE skill_files(version_id INTEGER REFERENCES skill_versions ON DELETE CASCADE,path,mode,hash,size,PRIMARY KEY(version_id,path))WITHOUT ROWID;
DROP INDEX idx_approval_history_skill_hash;
-- load: the latest decision about the folder of a version.
CREATE INDEX idx_approval_history_skill_hash ON approval_history(skill_id,content_hash,folder_hash,id,decision);
CREATE TRIGGER cfn_files_insert AFTER INSERT ON skill_files BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_files_update AFTER UPDATE ON skill_files BEGIN UPDATE cfn_tokens SET catalogue=random();END;
CREATE TRIGGER cfn_files_delete AFTER DELETE ON skill_files BEGIN UPDATE cfn_tokens SET catalogue=random();END;
-- What another program decides binds to the folder that is stored.
DROP TRIGGER IF EXISTS cfn_approvals_insert;
CREATE TRIGGER cfn_approvals_insert AFTER INSERT ON approval_history BEGIN UPDATE cfn_tokens SET catalogue=random();UPDATE approval_history SET(content_hash,folder_hash)=(SELECT content_hash,folder_hash FROM skill_versions WHERE skill_id=NEW.skill_id AND version=NEW.version)WHERE rowid=NEW.rowid AND content_hash ISNULL;END;
