//! The query behind `load`: an agent type's skills, each with its newest approved version.

use rusqlite::{Connection, Result, Row, params};

use super::approvals::{approved, whole};
use super::rows::{Fields, collect, first};
use crate::model::{AgentType, ApprovedVersion, Candidate, SkillId};

/// Columns of a candidate: skill `s` for mapping `m`, with its `current` version, or the pinned one.
macro_rules! columns {
    () => {
        concat!(
            "SELECT s.id, m.enabled, s.name, s.tags, m.priority, m.required, m.conditions, m.tdd_condition,
               s.test_coverage, s.test_suite_path, s.approval_level, s.generated_by, current.id, ",
            whole!("current"),
            ", current.version, current.content_hash, current.content_path, current.folder_hash, m.pinned_version, s.pinned_version, s.status,
             s.replacement_id"
        )
    };
}

/// The cost depends on the number of mappings of the agent type: every step is a seek in an index. `current` is the
/// version in the skill's row, with its recorded hash: another hash that another program wrote into the row is not a
/// version, and waits for review. It is nearly always approved, so only it is examined here. What Rust can tell from a
/// value is left to [`found`]: every word here is parsed for each load.
pub(super) const OF: &str = concat!(
    columns!(),
    " FROM agent_skill_mappings m
     JOIN skills s ON s.id = m.skill_id
     LEFT JOIN skill_versions current
       ON current.skill_id = s.id AND current.version = coalesce(m.pinned_version, s.pinned_version, s.version)
     WHERE m.agent_type = ?1"
);

/// The same for the skill `?3` under the mapping of the skill `?2`, which it replaces. A pin of that mapping names a
/// version of the other skill.
const IN_PLACE_OF: &str = concat!(
    columns!(),
    " FROM agent_skill_mappings m JOIN skills s ON s.id = ?3
     LEFT JOIN skill_versions current ON current.skill_id = s.id AND current.version = coalesce(s.pinned_version, s.version)
     WHERE m.agent_type = ?1 AND m.skill_id = ?2"
);

/// The newest approved version among those recorded up to the current one, also if only its skill file is approved.
/// Later ones do not count, since the skill was reset (`+` keeps the planner from scanning all row ids).
pub(super) const NEWEST: &str = concat!(
    "SELECT v.version, v.content_hash, v.content_path, v.folder_hash, ",
    whole!("v"),
    " FROM skills s JOIN skill_versions v ON v.skill_id = s.id
     WHERE s.id = ?1 AND +v.id BETWEEN ?2 AND ?3 AND ",
    approved!("v"),
    " ORDER BY +v.id DESC LIMIT 1"
);

/// A row of a query for candidates.
struct Found {
    candidate: Candidate,
    /// The current version, if it is not approved with all its files; the maximum if none is recorded.
    refused: Option<i64>,
    service: Service,
}

/// What the status of a skill means for agents.
enum Service {
    Active,
    ReplacedBy(i64),
    None,
}

pub(super) fn of(connection: &Connection, agent_type: &AgentType) -> Result<Vec<Candidate>> {
    let rows = collect(connection, OF, [agent_type.as_str()], |row| found(row, Pins::OfMappingAndSkill))?;
    let mut candidates = Vec::with_capacity(rows.len());
    for row in rows.into_iter().flatten() {
        match row.service {
            Service::Active => candidates.push(with_approved(connection, row)?),
            Service::ReplacedBy(skill) => {
                candidates.extend(in_place_of(connection, agent_type, row.candidate, skill)?);
            }
            Service::None => {}
        }
    }
    candidates.sort_by(Candidate::order);
    Ok(candidates)
}

/// The skill that is served in place of a deprecated one: the first active one of its replacements, if a version of it
/// may be served.
fn in_place_of(
    connection: &Connection,
    agent_type: &AgentType,
    deprecated: Candidate,
    first_replacement: i64,
) -> Result<Option<Candidate>> {
    let (mapped, mut seen) = (deprecated.id.0, vec![deprecated.id.0]);
    let mut next = first_replacement;
    while !seen.contains(&next) {
        seen.push(next);
        let parameters = params![agent_type.as_str(), mapped, next];
        let found = first(connection, IN_PLACE_OF, parameters, |row| found(row, Pins::OfSkill))?;
        let Some(row) = found.flatten() else { break };
        match row.service {
            Service::Active => {
                let candidate = with_approved(connection, row)?;
                let candidate = Candidate { replaces: Some(deprecated.name), ..candidate };
                return Ok(Some(candidate).filter(|it| it.approved.is_some()));
            }
            Service::ReplacedBy(skill) => next = skill,
            Service::None => break,
        }
    }
    Ok(None)
}

/// The pins that count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pins {
    OfMappingAndSkill,
    OfSkill,
}

/// The row, unless its mapping is disabled.
fn found(row: &Row<'_>, pins: Pins) -> Result<Option<Found>> {
    let mut fields = Fields::new("skills", row);
    let id = SkillId(fields.get()?);
    if !fields.is_set()? {
        return Ok(None);
    }
    let candidate = Candidate {
        id,
        name: fields.text()?,
        tags: fields.stored()?,
        priority: fields.number()?.unwrap_or(5),
        required: fields.is_set()?,
        conditions: fields.stored()?,
        tdd_condition: fields.stored()?,
        test_coverage: fields.figure(),
        has_test_suite: fields.maybe_text()?.is_some_and(|it| !it.is_empty()),
        approval_level: fields.level()?,
        phase4_generated: fields.maybe_text()?.as_deref() == Some("phase4"),
        approved: None,
        pinned: None,
        replaces: None,
    };
    let current = fields.number()?.unwrap_or(i64::MAX);
    let is_approved = fields.get::<Option<bool>>()?.unwrap_or(false);
    let approved = version(&mut fields)?.filter(|_| is_approved);
    let (of_mapping, of_skill) = (fields.maybe_text()?, fields.maybe_text()?);
    let pinned = of_mapping.filter(|_| pins == Pins::OfMappingAndSkill).or(of_skill);
    let (status, replacement) = (fields.maybe_text()?, fields.number()?);
    let service = match (status.as_deref(), replacement) {
        (None | Some("active"), _) => Service::Active,
        (Some("deprecated"), Some(replacement)) => Service::ReplacedBy(replacement),
        _ => Service::None,
    };
    let candidate = Candidate { approved, pinned, ..candidate };
    Ok(Some(Found { candidate, refused: (!is_approved).then_some(current), service }))
}

fn with_approved(connection: &Connection, Found { candidate, refused, .. }: Found) -> Result<Candidate> {
    let Some(current) = refused else { return Ok(candidate) };
    let oldest = if candidate.pinned.is_some() { current } else { i64::MIN };
    Ok(Candidate { approved: newest_approved(connection, candidate.id, oldest, current)?, ..candidate })
}

/// The newest approved version among those with these ids.
pub(super) fn newest_approved(
    connection: &Connection,
    skill: SkillId,
    oldest: i64,
    newest: i64,
) -> Result<Option<ApprovedVersion>> {
    let approved = first(connection, NEWEST, [skill.0, oldest, newest], |row| {
        let mut fields = Fields::new("skill_versions", row);
        let found = version(&mut fields)?;
        let whole: bool = fields.get()?;
        Ok(found.map(|it| ApprovedVersion { partial: !whole, ..it }))
    })?;
    Ok(approved.flatten())
}

fn version(fields: &mut Fields<'_>) -> Result<Option<ApprovedVersion>> {
    let (version, content_hash, content_path) = (fields.maybe_text()?, fields.maybe_text()?, fields.maybe_text()?);
    let folder_hash = fields.maybe_text()?;
    Ok(version.zip(content_hash).zip(content_path).map(|((version, content_hash), content_path)| ApprovedVersion {
        version,
        content_hash,
        content_path,
        folder_hash,
        partial: false,
    }))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use rusqlite::StatementStatus;

    use super::{NEWEST, OF};
    use crate::clock::Clock;
    use crate::model::{ApprovalLevel, Category, ContentHash, Decision, VersionSource};
    use crate::store::sqlite::plans::{cost, database, scans};
    use crate::store::sqlite::{Access, Options, SqliteStore};
    use crate::store::{Durability, NewApproval, NewMapping, NewSkill, NewVersion, Result, Transaction, write};

    const MAPPED: i32 = 20;

    /// The cost of the query behind `load`, in SQLite's steps: it scans nothing, and depends on the agent's mappings,
    /// not on the size of the database.
    #[test]
    fn the_work_does_not_grow_with_the_number_of_skills() {
        for newer_waits in [false, true] {
            let few = steps(100, newer_waits).expect("a database");
            let many = steps(5000, newer_waits).expect("a database");
            assert_eq!(few, many, "rows, scanned rows and steps of the virtual machine");
            assert_eq!((few.0, few.1), (MAPPED, 0));
        }
    }

    fn steps(skills: i32, newer_waits: bool) -> Result<(i32, i32, i32)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skills.db");
        SqliteStore::create(&path, Options::default(), Clock::System)?;
        let mut store = SqliteStore::open(&path, Access::Write, Options::default(), Clock::System)?;
        write(&mut store, Durability::Normal, |tx| {
            (0..skills).try_for_each(|number| add(tx, number, skills / MAPPED, newer_waits))
        })?;
        let mut current = store.connection.prepare(OF).expect("it is SQL");
        let mut before = store.connection.prepare(NEWEST).expect("it is SQL");
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(12)?, row.get(13)?));
        let rows: Vec<(i64, i64, bool)> =
            current.query_map(["agent-1"], row).and_then(Iterator::collect).expect("it runs");
        let mut older = |skill, than| before.query_row([skill, i64::MIN, than], |row| row.get::<_, String>("version"));
        let found = rows.into_iter().filter(|&(skill, version, approved)| {
            assert_ne!(approved, newer_waits);
            approved || older(skill, version).as_deref() == Ok("1.0.0")
        });
        let found = i32::try_from(found.count()).expect("a few");
        let counted = |it| current.get_status(it) + before.get_status(it);
        Ok((found, counted(StatementStatus::FullscanStep), counted(StatementStatus::VmStep)))
    }

    fn add(tx: &mut dyn Transaction, number: i32, agents: i32, newer_waits: bool) -> Result<()> {
        let (hash, now) = (ContentHash::of(&number.to_le_bytes()), Clock::System.moment());
        let skill = NewSkill {
            name: &format!("skill-{number}").parse().expect("a name"),
            category: Category::Domain,
            team: None,
            tags: &[],
            owner: None,
            phase4_pattern_id: None,
        };
        let version = NewVersion {
            version: "1.0.0",
            content_hash: &hash,
            folder: None,
            content_path: "SKILL.md",
            front_matter: None,
            approval_level: ApprovalLevel::Human,
            source: VersionSource::Import,
            now,
        };
        let approval = NewApproval {
            version: "1.0.0",
            content_hash: &hash.to_string(),
            folder_hash: None,
            approval_level: ApprovalLevel::Human,
            approver: "somebody",
            decision: Decision::Approved,
            reasoning: "",
            criteria_check: None,
            escalated_to: None,
            now,
        };
        let agent_type = format!("agent-{}", number % agents).parse().expect("an agent type");
        let mapping =
            NewMapping { agent_type: &agent_type, priority: 5, required: false, conditions: None, enabled: true, now };
        let id = tx.insert_skill(&skill, &version)?;
        tx.record_approval(id, &approval)?;
        tx.add_mapping(id, &mapping)?;
        if newer_waits {
            let other = ContentHash::of(&(-1 - number).to_le_bytes());
            tx.record_version(id, &NewVersion { version: "1.0.1", content_hash: &other, ..version })?;
        }
        Ok(())
    }

    #[test]
    fn what_an_agent_type_gets_is_found_by_seeks_alone() -> rusqlite::Result<()> {
        let connection = database()?;
        for sql in [OF, NEWEST] {
            assert!(scans(&connection, sql)?.is_empty(), "{:?}", scans(&connection, sql));
        }
        assert_eq!(cost(&connection, OF, ["a7"])?, (10, 0));
        assert_eq!(cost(&connection, OF, ["nobody"])?, (0, 0));
        Ok(())
    }
}
