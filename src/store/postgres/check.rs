//! Checks for damage and orphaned rows. Constraints of the schema refuse most of what SQLite's check looks for.

use super::beginning::Beginning;
use super::fields::Fields;
use super::session::Session;
use super::{PostgresStore, versions};
use crate::model::{ContentHash, Visible};
use crate::store::{CheckReport, Result};

/// The checks and their messages; each query returns keys.
const WARNINGS: [(&str, &str); 6] = [
    (
        "rows of skill_files name bytes that are not in the database",
        "SELECT DISTINCT convert_from(f.path, 'UTF8') FROM skill_files f
         WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = f.hash)
           AND NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = f.hash AND e.event = 'purged') ORDER BY 1",
    ),
    (
        "skills name bytes that are not in the database",
        "SELECT s.name FROM skills s
         WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = s.content_hash)
           AND NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = s.content_hash AND e.event = 'purged')
         ORDER BY s.id",
    ),
    (
        "skills name other bytes than were recorded for their version",
        "SELECT s.name FROM skills s JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version
         WHERE v.content_hash <> s.content_hash ORDER BY s.id",
    ),
    (
        "skills have a name that no command can take",
        "SELECT id::text FROM skills WHERE name !~ '^[a-zA-Z0-9_-]{1,64}$' ORDER BY id",
    ),
    (
        "rows of agent_skill_mappings have a priority outside 1 to 10",
        "SELECT id::text FROM agent_skill_mappings WHERE priority NOT BETWEEN 1 AND 10 ORDER BY id",
    ),
    (
        "indexes are invalid: REINDEX them",
        "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1",
    ),
];

/// Triggers that are off, so that cfn does not notice what other programs write.
const TRIGGERS_OFF: &str =
    "SELECT t.tgname::text || ' on ' || c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A' ORDER BY 1";

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
    for row in session.rows(TRIGGERS_OFF, &[])? {
        report.damage.push(format!("the trigger {} is off", Visible(row.get::<_, String>(0))));
    }
    for (what, query) in WARNINGS {
        let keys: Vec<String> = session.rows(query, &[])?.iter().map(|row| row.get(0)).collect();
        if !keys.is_empty() {
            let which: String = keys.join(", ").chars().take(200).collect();
            report.warnings.push(format!("{} {what} ({})", keys.len(), Visible(which)));
        }
    }
    Ok(report)
}
