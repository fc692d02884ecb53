-- Names that skills had before, what happened to skills besides decisions, and versions that stay served.
--
-- Why: a rename must not break what still uses the old name; what was removed must leave a trace; and an operator must be able to
-- hold a skill at one version. Every process parses this, so columns have no types that no rule needs.
--
--   cfn_aliases     a former name of a skill, which no other skill may take, in whatever case
--   cfn_events      event is 'unassigned', 'renamed', 'deleted' or another word of the kind; detail is JSON; actor is who, reason
--                   why. skill_id and skill stay after the skill is gone. content_hash is set only where bytes are concerned: the
--                   latest such event tells whether these bytes are refused, whatever skill has them
--   pinned_version  the version that is served instead of the newest approved one: of a skill, or of one mapping alone

ALTER TABLE skills ADD pinned_version;
ALTER TABLE agent_skill_mappings ADD pinned_version;
CREATE TABLE cfn_aliases(name PRIMARY KEY,skill_id)WITHOUT ROWID;
CREATE TABLE cfn_events(id INTEGER PRIMARY KEY,skill_id,skill,event,version,content_hash,detail,actor,reason,created_at);
-- deploy, update, import: whether bytes are refused for every skill.
CREATE INDEX cfn_events_hash ON cfn_events(content_hash);
