//! The query behind `load`: an agent type's skills, each with its newest approved version, in one statement.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::approvals::{approved, whole};
use super::fields::Fields;
use super::parameters::text;
use super::session::Session;
use crate::model::{AgentType, ApprovedVersion, Bootstrap, Candidate, SkillId};
use crate::store::Result;

/// `served` follows a deprecated skill to its replacements. A pin of the mapping names a version of the mapped skill, and
/// does not count for a replacement. `current` is the version in the skill's row, or the pinned one; the newest approved
/// one is at most as new, since the skill may have been reset, and no other one stands in for a pinned one. The bytes of the
/// first ones come with them, so that a load needs no other round trip for them; large ones do not.
const OF: &str = concat!(
    "WITH RECURSIVE served AS (
       SELECT m.id AS mapping, s.id AS skill, coalesce(m.pinned_version, s.pinned_version) AS pin, s.status, s.replacement_id,
         ARRAY[s.id] AS seen, NULL::text COLLATE \"C\" AS replaces, s.name AS mapped
       FROM agent_skill_mappings m JOIN skills s ON s.id = m.skill_id
       WHERE m.agent_type = $1 AND m.enabled <> 0
     UNION ALL
       SELECT served.mapping, s.id, s.pinned_version, s.status, s.replacement_id, served.seen || s.id, served.mapped,
         served.mapped
       FROM served JOIN skills s ON s.id = served.replacement_id
       WHERE served.status = 'deprecated' AND s.id <> ALL (served.seen)
     )
     SELECT s.id, s.name, s.tags, m.priority, m.required, m.conditions, m.tdd_condition, s.test_coverage, s.test_suite_path,
       s.approval_level, s.generated_by, served.pin, served.replaces, newest.version, newest.content_hash,
       newest.content_path, newest.folder_hash, newest.is_whole,
       CASE WHEN row_number() OVER (ORDER BY m.required DESC, m.priority, s.name) <= 64 THEN
         (SELECT c.bytes FROM skill_contents c WHERE c.hash = newest.content_hash AND octet_length(c.bytes) <= 262144) END
     FROM served JOIN skills s ON s.id = served.skill JOIN agent_skill_mappings m ON m.id = served.mapping
     LEFT JOIN skill_versions current ON current.skill_id = s.id AND current.version = coalesce(served.pin, s.version)
     LEFT JOIN LATERAL (
       SELECT v.version, v.content_hash, v.content_path, v.folder_hash, ",
    whole!("v"),
    " AS is_whole FROM skill_versions v
       WHERE v.skill_id = s.id AND (current.id IS NULL AND served.pin IS NULL OR v.id <= current.id)
         AND (served.pin IS NULL OR v.id = current.id) AND ",
    approved!("v"),
    " ORDER BY v.id DESC LIMIT 1
     ) newest ON true
     WHERE served.status = 'active' AND (served.replaces IS NULL OR newest.version IS NOT NULL)"
);

/// The enabled bootstrap skills, which a load needs too.
const BOOTSTRAP: &str = "SELECT skill_name, file_path, load_order, description, content_hash
     FROM bootstrap_skills WHERE enabled <> 0 ORDER BY load_order";

/// What a load needs, read in one round trip.
pub(super) struct Served {
    pub(super) candidates: Vec<Candidate>,
    pub(super) bootstrap: Vec<Bootstrap>,
    /// Bytes of the first candidates, by their hashes.
    pub(super) contents: HashMap<String, Vec<u8>>,
}

pub(super) fn served(session: &Session, agent_type: &AgentType) -> Result<Served> {
    let (rows, bootstrap) = session.rows_of_both((OF, &[text(agent_type.as_str())]), (BOOTSTRAP, &[]))?;
    let (mut candidates, mut contents) = (Vec::with_capacity(rows.len()), HashMap::new());
    for row in &rows {
        let (candidate, bytes) = candidate(row)?;
        if let (Some(approved), Some(bytes)) = (&candidate.approved, bytes) {
            contents.insert(approved.content_hash.clone(), bytes);
        }
        candidates.push(candidate);
    }
    candidates.sort_by(Candidate::order);
    let bootstrap = bootstrap.iter().map(one_bootstrap).collect::<Result<_>>()?;
    Ok(Served { candidates, bootstrap, contents })
}

pub(super) fn bootstrap(session: &Session) -> Result<Vec<Bootstrap>> {
    session.rows(BOOTSTRAP, &[])?.iter().map(one_bootstrap).collect()
}

fn one_bootstrap(row: &Row) -> Result<Bootstrap> {
    let mut fields = Fields::new("bootstrap_skills", row);
    Ok(Bootstrap {
        name: fields.text()?,
        file_path: fields.text()?,
        load_order: fields.get()?,
        description: fields.get()?,
        content_hash: fields.get()?,
    })
}

fn candidate(row: &Row) -> Result<(Candidate, Option<Vec<u8>>)> {
    let mut fields = Fields::new("skills", row);
    let candidate = Candidate {
        id: SkillId(fields.get()?),
        name: fields.text()?,
        tags: fields.stored()?,
        priority: fields.get()?,
        required: fields.flag()?,
        conditions: fields.stored()?,
        tdd_condition: fields.stored()?,
        test_coverage: fields.get()?,
        has_test_suite: !fields.text()?.is_empty(),
        approval_level: fields.level()?,
        phase4_generated: fields.text()? == "phase4",
        pinned: fields.get()?,
        replaces: fields.get()?,
        approved: None,
    };
    let Some(version) = fields.get()? else { return Ok((candidate, None)) };
    let approved = ApprovedVersion {
        version,
        content_hash: fields.text()?,
        content_path: fields.text()?,
        folder_hash: fields.get()?,
        partial: !fields.get::<bool>()?,
    };
    Ok((Candidate { approved: Some(approved), ..candidate }, fields.get()?))
}
