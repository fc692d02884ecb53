//! Checks for damage and orphaned rows. Constraints of the schema refuse most of it, but an owner can drop them, and a session
//! with `session_replication_role` set does not check them.

use super::beginning::Beginning;
use super::fields::Fields;
use super::session::Session;
use super::{PostgresStore, versions};
use crate::model::{ContentHash, Visible};
use crate::store::{CheckReport, Examination, Repairable, Result};

/// The rows of a table without their skill.
macro_rules! without_a_skill {
    ($table:literal) => {
        (
            concat!("rows of ", $table, " point to a skill that does not exist"),
            concat!(
                "SELECT t.id::text FROM ",
                $table,
                " t WHERE NOT EXISTS (SELECT FROM skills s WHERE s.id = t.skill_id) ORDER BY t.id"
            ),
        )
    };
}

/// The checks and their messages, in the order of SQLite's; each query returns keys.
const WARNINGS: [(&str, &str); 17] = [
    without_a_skill!("agent_skill_mappings"),
    without_a_skill!("approval_history"),
    without_a_skill!("skill_usage_log"),
    without_a_skill!("phase4_skill_generation"),
    without_a_skill!("edge_case_tracking"),
    without_a_skill!("skill_versions"),
    (
        "rows of skill_files point to a version that does not exist",
        "SELECT f.version_id || ' ' || convert_from(f.path, 'UTF8') FROM skill_files f
         WHERE NOT EXISTS (SELECT FROM skill_versions v WHERE v.id = f.version_id) ORDER BY f.version_id, f.path",
    ),
    (
        "rows of skill_files name bytes that are not in the database",
        "SELECT DISTINCT convert_from(f.path, 'UTF8') FROM skill_files f
         WHERE NOT EXISTS (SELECT FROM skill_contents c WHERE c.hash = f.hash)
           AND NOT EXISTS (SELECT FROM cfn_events e WHERE e.content_hash = f.hash AND e.event = 'purged') ORDER BY 1",
    ),
    (
        "skills name a replacement that does not exist",
        "SELECT s.id::text FROM skills s WHERE s.replacement_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM skills r WHERE r.id = s.replacement_id) ORDER BY s.id",
    ),
    (
        "skills name bytes that are not in the database",
        "SELECT s.name FROM skills s
         WHERE NOT EXISTS (SELECT FROM skill_contents c WHERE c.hash = s.content_hash)
           AND NOT EXISTS (SELECT FROM cfn_events e WHERE e.content_hash = s.content_hash AND e.event = 'purged')
         ORDER BY s.id",
    ),
    (
        "skills name other bytes than were recorded for their version",
        "SELECT s.name FROM skills s JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version
         WHERE v.content_hash IS DISTINCT FROM s.content_hash ORDER BY s.id",
    ),
    (
        "skills have a status or a level that cfn does not know",
        "SELECT id::text FROM skills WHERE status NOT IN ('active', 'deprecated', 'archived')
           OR approval_level NOT IN ('auto', 'escalate', 'human') ORDER BY id",
    ),
    (
        "skills have a name that no command can take",
        "SELECT id::text FROM skills WHERE name !~ '^[a-zA-Z0-9_-]{1,64}$' ORDER BY id",
    ),
    ("names belong to more than one skill", "SELECT name FROM skills GROUP BY name HAVING count(*) > 1 ORDER BY 1"),
    (
        "rows of approval_history have a decision that cfn does not know",
        "SELECT id::text FROM approval_history
         WHERE coalesce(decision, '') NOT IN ('approved', 'rejected', 'escalated', 'needs_correction') ORDER BY id",
    ),
    (
        "rows of agent_skill_mappings have a priority outside 1 to 10",
        "SELECT id::text FROM agent_skill_mappings WHERE priority NOT BETWEEN 1 AND 10 ORDER BY id",
    ),
    (
        "rows of agent_skill_mappings repeat an agent type and skill",
        "SELECT m.id::text FROM agent_skill_mappings m WHERE EXISTS (SELECT FROM agent_skill_mappings n
           WHERE n.agent_type = m.agent_type AND n.skill_id = m.skill_id AND n.id < m.id) ORDER BY m.id",
    ),
];

/// Triggers of other programs, which may change or skip what cfn writes.
const FOREIGN: &str = "SELECT t.tgname::text, c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     JOIN pg_proc p ON p.oid = t.tgfoid
   WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgparentid = 0
     AND NOT (p.pronamespace = c.relnamespace AND starts_with(p.proname::text, 'cfn_')) ORDER BY 2, 1";

/// Indexes that the server does not use, such as one whose creation was interrupted, each with what builds it again.
const INVALID_INDEXES: &str = "SELECT c.relname::text, format('REINDEX INDEX %I.%I', current_schema(), c.relname)
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1";

/// The number of rows of a query, and the first keys.
const COUNT: &str = "SELECT count(*), coalesce(string_agg(key, ', ' ORDER BY n) FILTER (WHERE n <= 40), '') FROM
   (SELECT key, row_number() OVER () AS n FROM";

/// Triggers of cfn that do not fire for every session, so that it does not notice what other programs write, each
/// with what switches it on if it is there.
const TRIGGERS: &str = "WITH expected (log, name) AS (
     SELECT of.name::regclass, 'cfn_note_write' FROM unnest(ARRAY['skills', 'skill_versions', 'skill_files', 'skill_contents',
       'approval_history', 'agent_skill_mappings', 'bootstrap_skills', 'other_values']) AS of (name)
     UNION ALL VALUES ('skills'::regclass, 'cfn_record_version'), ('approval_history', 'cfn_bind_decision')
     UNION ALL SELECT of.name::regclass, feed FROM unnest(ARRAY['skills', 'skill_versions', 'skill_files', 'skill_contents',
       'approval_history', 'agent_skill_mappings', 'cfn_aliases', 'cfn_events', 'phase4_skill_generation', 'edge_case_tracking'])
       AS of (name), unnest(ARRAY['cfn_feed', 'cfn_feed_emptied']) AS feed
     UNION ALL SELECT of.name::regclass, 'cfn_feed' FROM unnest(ARRAY['bootstrap_skills', 'approval_criteria_templates',
       'other_values']) AS of (name)
     UNION ALL SELECT log, 'cfn_usage_' || what FROM cfn_usage_tables() log, unnest(ARRAY['fill', 'place', 'mark', 'emptied']) AS of (what))
   SELECT name || ' on ' || c.relname::text, CASE WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = log AND t.tgname = name)
       THEN format('ALTER TABLE %I.%I ENABLE ALWAYS TRIGGER %I', current_schema(), c.relname, name) END
   FROM expected JOIN pg_class c ON c.oid = log
   WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = log AND t.tgname = name AND t.tgenabled = 'A') ORDER BY 1";

/// Whether the triggers of the catalogue and of the change feed are those of the migration, and whether every month has a place in the usage log.
const DEFINITIONS: &str = "SELECT EXISTS (SELECT FROM cfn_triggers t JOIN cfn_metadata s
     ON s.name = 'catalogue_triggers' AND s.value = t.shape),
   EXISTS (SELECT FROM cfn_metadata WHERE name = 'feed_triggers' AND value = convert_to(cfn_feed_shape(), 'UTF8')),
   EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = 'skill_usage_log'::regclass AND partdefid <> 0)";

pub(super) fn run(store: &mut PostgresStore) -> Result<CheckReport> {
    store.connected()?;
    store.session.begin(Beginning::Read);
    let report = read(&store.session);
    store.session.undo();
    report
}

fn read(session: &Session) -> Result<CheckReport> {
    let mut report = CheckReport { damage: Vec::new(), warnings: Vec::new(), contents_checked: 0 };
    session.each("SELECT hash, bytes FROM skill_contents", &[], &mut |row| {
        let mut fields = Fields::new("skill_contents", row);
        let (hash, bytes): (String, &[u8]) = (fields.get()?, fields.get()?);
        report.contents_checked += 1;
        if !hash.parse::<ContentHash>().is_ok_and(|it| it.matches(bytes)) {
            report.damage.push(format!("the bytes stored as {} are not those of their hash", Visible(hash)));
        }
        Ok(())
    })?;
    report.damage.extend(versions::faults_of_folders(session)?);
    report.damage.extend(faults_of_definitions(session)?.into_iter().map(|it| it.what));
    for (what, query) in WARNINGS {
        report.warnings.extend(found(session, what, query)?);
    }
    for row in session.rows(FOREIGN, &[])? {
        let (name, table): (String, String) = (row.get(0), row.get(1));
        report.warnings.push(format!("the trigger {} on {} is not cfn's", Visible(name), Visible(table)));
    }
    report.warnings.extend(found(
        session,
        "indexes are invalid: REINDEX them",
        &format!("SELECT name FROM ({INVALID_INDEXES}) AS indexes (name, mend)"),
    )?);
    Ok(report)
}

/// What is wrong with triggers and partitions.
pub(super) fn faults_of_definitions(session: &Session) -> Result<Vec<Repairable>> {
    let mut faults = repairable(session, TRIGGERS, |name| format!("the trigger {} is missing or off", Visible(name)))?;
    if let Some(row) = session.first(DEFINITIONS, &[])? {
        let (are_ours, feed_is_ours, has_default): (bool, bool, bool) = (row.get(0), row.get(1), row.get(2));
        if faults.is_empty() && !are_ours {
            faults.push("the triggers or their functions were changed, so no answer is cached".to_owned().into());
        }
        if faults.is_empty() && !feed_is_ours {
            let fault = "the triggers of the change feed were changed, so followers pull everything each time";
            faults.push(fault.to_owned().into());
        }
        if !has_default {
            let fault = "the usage log has no default partition, so times of other months are refused";
            faults.push(fault.to_owned().into());
        }
    }
    Ok(faults)
}

/// Objects, each with the statement that mends it.
fn repairable(session: &Session, query: &str, about: impl Fn(String) -> String) -> Result<Vec<Repairable>> {
    let rows = session.rows(query, &[])?;
    Ok(rows.iter().map(|row| Repairable { what: about(row.get(0)), sql: row.get(1) }).collect())
}

/// Orphaned rows and invalid values of the tables that do not grow with the usage log, contents that are missing, and
/// indexes that are invalid.
pub(super) fn quick(session: &Session, examination: &mut Examination) -> Result<()> {
    for (what, query) in WARNINGS.into_iter().filter(|(what, _)| !what.contains("skill_usage_log")) {
        let Some(warning) = found(session, what, query)? else { continue };
        if what.ends_with("name bytes that are not in the database") {
            examination.missing_contents.push(warning);
        } else {
            examination.orphans.push(warning.into());
        }
    }
    examination.invalid_indexes = repairable(session, INVALID_INDEXES, |name| Visible(name).to_string())?;
    Ok(())
}

/// The message with the number of keys and the first of them, if there are any.
fn found(session: &Session, what: &str, query: &str) -> Result<Option<String>> {
    let sql = format!("{COUNT} ({query}) AS found (key)) AS numbered");
    let Some(row) = session.first(&sql, &[])? else { return Ok(None) };
    let (count, which): (i64, String) = (row.get(0), row.get(1));
    let which: String = which.chars().take(200).collect();
    Ok((count > 0).then(|| format!("{count} {what} ({})", Visible(which))))
}
