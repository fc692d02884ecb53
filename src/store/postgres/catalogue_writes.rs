//! A transaction's part of the contract about writes to skills, versions, decisions and mappings. Each call is one
//! statement.

use super::parameters::{Parameter, big, bytes, maybe_big, maybe_text, small, text};
use super::state::State;
use super::verified::{added, changed, skipped};
use super::version_writes;
use crate::model::{AgentType, ApprovalLevel, ContentHash, SkillFolder, SkillId, Status, StoredJson, StoredTags};
use crate::store::{CatalogueWrites, NewApproval, NewMapping, NewSkill, NewVersion, Result, SkillChange};

const UPDATE: &str = changed!(
    "skills",
    "category = coalesce($2, category), approval_level = coalesce($3, approval_level),
     status = coalesce($4, status), team = coalesce($5, team), tags = coalesce($6, tags), owner = coalesce($7, owner),
     phase4_pattern_id = coalesce($8, phase4_pattern_id),
     generated_by = CASE WHEN $8 IS NULL THEN generated_by ELSE 'phase4' END,
     is_auto_generated = CASE WHEN $8 IS NULL THEN is_auto_generated ELSE 1 END,
     replacement_id = CASE WHEN $10 <> 0 THEN $11 ELSE replacement_id END,
     deprecation_note = CASE WHEN $10 <> 0 THEN $12 ELSE deprecation_note END,
     updated_at = $9",
    "id = $1"
);

/// Bytes that are there already are not written again.
const STORE: &str = added!(
    "skill_contents",
    "AS c (hash, bytes) VALUES ($1, $2)
       ON CONFLICT (hash) DO UPDATE SET bytes = excluded.bytes WHERE c.bytes <> excluded.bytes",
    "SELECT WHERE NOT EXISTS (SELECT FROM skill_contents WHERE hash = $1 AND bytes = $2)"
);

/// An approval is also noted at the skill.
const DECIDE: &str = concat!(
    "WITH decision AS (INSERT INTO approval_history (skill_id, version, approval_level, approver, decision,
     reasoning, approval_criteria_check, timestamp, content_hash, escalation_reason, escalated_to, escalation_timestamp,
     folder_hash)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $5 = 'escalated' THEN $6 END, $10,
     CASE WHEN $5 = 'escalated' THEN $8 END, $11) RETURNING 1),
   noted AS (UPDATE skills SET last_approved_by = $4, last_approval_date = $8 WHERE id = $1 AND $5 = 'approved' RETURNING 1) ",
    skipped!("approval_history", "NOT EXISTS (SELECT FROM decision)"),
    " UNION ALL ",
    skipped!(
        "skills",
        "$5 = 'approved' AND NOT EXISTS (SELECT FROM noted) AND EXISTS (SELECT FROM skills WHERE id = $1)"
    )
);

/// A conflict alone would use up an id.
const MAP: &str = added!(
    "agent_skill_mappings",
    "(agent_type, skill_id, priority, required, conditions, enabled, created_at, updated_at)
   SELECT $1, $2, $3, $4, $5, $7, $6, $6
   WHERE NOT EXISTS (SELECT FROM agent_skill_mappings WHERE agent_type = $1 AND skill_id = $2)",
    "SELECT WHERE NOT EXISTS (SELECT FROM agent_skill_mappings WHERE agent_type = $1 AND skill_id = $2)"
);

const REMAP: &str = changed!(
    "agent_skill_mappings",
    "priority = $3, required = $4, conditions = $5, updated_at = $6, enabled = $7",
    "agent_type = $1 AND skill_id = $2"
);

const UNMAP: &str = changed!(DELETE "agent_skill_mappings", "agent_type = $1 AND skill_id = $2");

impl CatalogueWrites for State<'_> {
    fn insert_skill(&mut self, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId> {
        version_writes::insert(self.session, skill, version)
    }

    fn update_skill(&mut self, skill: SkillId, to: &SkillChange<'_>) -> Result<()> {
        let tags = to.tags.map(StoredTags::of);
        let retirement = to.retirement.unwrap_or_default();
        let all = [
            big(skill.0),
            maybe_text(to.category),
            maybe_text(to.approval_level.map(ApprovalLevel::as_str)),
            maybe_text(to.status.map(Status::as_str)),
            maybe_text(to.team),
            maybe_text(tags.as_ref().map(StoredTags::as_str)),
            maybe_text(to.owner),
            maybe_big(to.phase4_pattern_id),
            text(to.now.as_str()),
            small(to.retirement.is_some()),
            maybe_big(retirement.replacement.map(|it| it.0)),
            maybe_text(retirement.note),
        ];
        self.session.write(UPDATE, &all)
    }

    fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()> {
        version_writes::record(self.session, skill, version)
    }

    fn attach_folder(&mut self, version_id: i64, folder: &SkillFolder) -> Result<()> {
        version_writes::attach(self.session, version_id, folder)
    }

    fn describe_version(&mut self, version_id: i64, front_matter: Option<&StoredJson>) -> Result<()> {
        version_writes::describe(self.session, version_id, front_matter)
    }

    fn store_content(&mut self, hash: &ContentHash, content: &[u8]) -> Result<()> {
        self.session.write(STORE, &[text(&hash.to_string()), bytes(content)])
    }

    fn record_approval(&mut self, skill: SkillId, approval: &NewApproval<'_>) -> Result<()> {
        let all = [
            big(skill.0),
            text(approval.version),
            text(approval.approval_level.as_str()),
            text(approval.approver),
            text(approval.decision.as_str()),
            text(approval.reasoning),
            maybe_text(approval.criteria_check.map(StoredJson::as_str)),
            text(approval.now.as_str()),
            text(approval.content_hash),
            maybe_text(approval.escalated_to),
            maybe_text(approval.folder_hash),
        ];
        self.session.write(DECIDE, &all)
    }

    fn add_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
        self.session.write(MAP, &of_mapping(skill, mapping))
    }

    fn change_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()> {
        self.session.write(REMAP, &of_mapping(skill, mapping))
    }

    fn remove_mapping(&mut self, skill: SkillId, agent_type: &AgentType) -> Result<bool> {
        Ok(self.session.counted(UNMAP, &[text(agent_type.as_str()), big(skill.0)])? > 0)
    }
}

fn of_mapping<'a>(skill: SkillId, mapping: &'a NewMapping<'_>) -> [Parameter<'a>; 7] {
    [
        text(mapping.agent_type.as_str()),
        big(skill.0),
        big(mapping.priority),
        small(mapping.required),
        maybe_text(mapping.conditions.map(StoredJson::as_str)),
        text(mapping.now.as_str()),
        small(mapping.enabled),
    ]
}
