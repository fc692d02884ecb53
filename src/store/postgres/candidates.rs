//! The query behind `load`: an agent type's skills, each with its newest approved version, in one statement.

use tokio_postgres::Row;

use super::approvals::{approved, whole};
use super::fields::Fields;
use super::parameters::text;
use super::session::Session;
use super::state::ReadAhead;
use super::statement::Statement;
use crate::model::{AgentType, ApprovedVersion, Bootstrap, Candidate, SkillId, StoredFile};
use crate::store::Result;

/// What comes with the first candidates only, and is NULL for the others.
macro_rules! of_the_first {
    ($what:literal) => {
        concat!("CASE WHEN row_number() OVER (ORDER BY m.required DESC, m.priority, s.name) <= 64 THEN ", $what, " END")
    };
}

/// An array of a column of the version's files, in the order of their paths.
macro_rules! of_files {
    ($column:literal) => {
        concat!(
            "CASE WHEN newest.folder_hash IS NOT NULL AND row_number() OVER (ORDER BY m.required DESC, m.priority, s.name) <= 64
               THEN ARRAY(SELECT ",
            $column,
            " FROM skill_files f LEFT JOIN skill_contents c ON c.hash = f.hash AND octet_length(c.bytes) <= 262144
               WHERE f.version_id = newest.id ORDER BY f.path) END"
        )
    };
}

/// `served` follows a deprecated skill to its replacements. A pin of the mapping names a version of the mapped skill, and
/// does not count for a replacement. `current` is the version in the skill's row, or the pinned one; the newest approved
/// one is at most as new, since the skill may have been reset, and no other one stands in for a pinned one. The files and bytes
/// of the first ones come with them, so that a load needs no other round trip for them; large ones do not.
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
       newest.content_path, newest.folder_hash, newest.is_whole, ",
    of_the_first!(
        "(SELECT c.bytes FROM skill_contents c WHERE c.hash = newest.content_hash AND octet_length(c.bytes) <= 262144)"
    ),
    ", ",
    of_the_first!("newest.id IS NOT NULL"),
    ", ",
    of_the_first!("newest.front_matter"),
    ", ",
    of_files!("f.path"),
    ", ",
    of_files!("f.mode"),
    ", ",
    of_files!("f.hash"),
    ", ",
    of_files!("f.size"),
    ", ",
    of_files!("c.bytes"),
    " FROM served JOIN skills s ON s.id = served.skill JOIN agent_skill_mappings m ON m.id = served.mapping
     LEFT JOIN skill_versions current ON current.skill_id = s.id AND current.version = coalesce(served.pin, s.version)
     LEFT JOIN LATERAL (
       SELECT v.id, v.version, v.content_hash, v.content_path, v.folder_hash, v.front_matter, ",
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
pub(super) const BOOTSTRAP: &str = "SELECT skill_name, file_path, load_order, description, content_hash
     FROM bootstrap_skills b WHERE enabled <> 0 AND (SELECT true FROM cfn_events e
       WHERE e.content_hash = b.content_hash AND e.event IN ('revoked', 'purged') LIMIT 1) IS NULL ORDER BY load_order";

/// What a load needs, in one round trip: the candidates, and what it will ask for about them.
pub(super) fn served(session: &Session, agent_type: &AgentType) -> Result<(Vec<Candidate>, ReadAhead)> {
    let bootstrap = Statement::new(BOOTSTRAP, &[])?;
    let queries = [Statement::new(OF, &[text(agent_type.as_str())])?, bootstrap.clone()];
    let mut rows = session.rows_of_all(&queries)?;
    session.ahead.remember(bootstrap, rows.pop().unwrap_or_default());
    let mut ahead = ReadAhead::default();
    let candidates = rows.iter().flatten().map(|row| candidate(row, &mut ahead));
    let mut candidates = candidates.collect::<Result<Vec<_>>>()?;
    candidates.sort_by(Candidate::order);
    Ok((candidates, ahead))
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

fn candidate(row: &Row, ahead: &mut ReadAhead) -> Result<Candidate> {
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
    let Some(version) = fields.get()? else { return Ok(candidate) };
    let approved = ApprovedVersion {
        version,
        content_hash: fields.text()?,
        content_path: fields.text()?,
        folder_hash: fields.get()?,
        partial: !fields.get::<bool>()?,
    };
    read_ahead(&mut fields, candidate.id, &approved, ahead)?;
    Ok(Candidate { approved: Some(approved), ..candidate })
}

fn read_ahead(fields: &mut Fields<'_>, skill: SkillId, of: &ApprovedVersion, ahead: &mut ReadAhead) -> Result<()> {
    ahead.contents.extend(fields.get::<Option<Vec<u8>>>()?.map(|it| (of.content_hash.clone(), it)));
    let (is_read, front_matter) = (fields.get::<Option<bool>>()?.is_some(), fields.stored()?);
    if !is_read {
        return Ok(());
    }
    let version = (skill, of.version.clone());
    ahead.front_matters.insert(version.clone(), front_matter);
    let paths = fields.get::<Option<Vec<&[u8]>>>()?.unwrap_or_default();
    let modes = fields.get::<Option<Vec<Option<String>>>>()?.unwrap_or_default();
    let hashes = fields.get::<Option<Vec<Option<String>>>>()?.unwrap_or_default();
    let sizes = fields.get::<Option<Vec<Option<i64>>>>()?.unwrap_or_default();
    let contents = fields.get::<Option<Vec<Option<Vec<u8>>>>>()?.unwrap_or_default();
    let mut files = Vec::with_capacity(paths.len());
    for ((((path, mode), hash), size), bytes) in paths.into_iter().zip(modes).zip(hashes).zip(sizes).zip(contents) {
        let hash = hash.unwrap_or_default();
        ahead.contents.extend(bytes.map(|it| (hash.clone(), it)));
        let path = String::from_utf8_lossy(path).into_owned();
        files.push(StoredFile { path, mode: mode.unwrap_or_default(), hash, size: size.unwrap_or(-1) });
    }
    ahead.files.insert(version, files);
    Ok(())
}
