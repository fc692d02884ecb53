//! Checks for damage and orphaned rows. `PRAGMA foreign_key_check` misses tables without declared foreign keys, so
//! queries find orphans.

use rusqlite::{Connection, Result};

use super::failure::Place;
use super::rows::Fields;
use super::{files, foreign};
use crate::model::{ContentHash, Visible};
use crate::store::{CheckReport, Examination, Repairable};

/// The checks and their messages; each query returns a count and the first few keys.
const WARNINGS: [(&str, &str); 19] = [
    (
        "rows of agent_skill_mappings point to a skill that does not exist",
        "SELECT count(*), group_concat(rowid) FROM agent_skill_mappings WHERE skill_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "rows of approval_history point to a skill that does not exist",
        "SELECT count(*), group_concat(rowid) FROM approval_history WHERE skill_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "rows of skill_usage_log point to a skill that does not exist",
        "SELECT count(*), substr(group_concat(rowid), 1, 60) FROM skill_usage_log WHERE skill_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "rows of phase4_skill_generation point to a skill that does not exist",
        "SELECT count(*), group_concat(rowid) FROM phase4_skill_generation WHERE skill_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "rows of edge_case_tracking point to a skill that does not exist",
        "SELECT count(*), group_concat(rowid) FROM edge_case_tracking WHERE skill_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "rows of skill_versions point to a skill that does not exist",
        "SELECT count(*), group_concat(id) FROM skill_versions WHERE skill_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "rows of skill_files point to a version that does not exist",
        "SELECT count(*), substr(group_concat(version_id || ' ' || path, ', '), 1, 60) FROM skill_files
         WHERE version_id NOT IN (SELECT id FROM skill_versions)",
    ),
    (
        "rows of skill_files name bytes that are not in the database",
        "SELECT count(*), group_concat(path, ', ') FROM (SELECT DISTINCT f.path, f.hash FROM skill_files f
         WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = f.hash)
           AND NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = f.hash AND e.event = 'purged'))",
    ),
    (
        "skills name a replacement that does not exist",
        "SELECT count(*), group_concat(id) FROM skills
         WHERE replacement_id IS NOT NULL AND replacement_id NOT IN (SELECT id FROM skills)",
    ),
    (
        "skills name bytes that are not in the database",
        "SELECT count(*), group_concat(s.name, ', ') FROM skills s
         WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = s.content_hash)
           AND NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = s.content_hash AND e.event = 'purged')",
    ),
    (
        "skills name other bytes than were recorded for their version",
        "SELECT count(*), group_concat(s.name, ', ') FROM skills s JOIN skill_versions v
           ON v.skill_id = s.id AND v.version = s.version WHERE v.content_hash IS NOT s.content_hash",
    ),
    (
        "skills have a status or a level that cfn does not know",
        "SELECT count(*), group_concat(id) FROM skills WHERE status NOT IN ('active', 'deprecated', 'archived')
           OR approval_level NOT IN ('auto', 'escalate', 'human')",
    ),
    (
        "skills have a name that no command can take",
        "SELECT count(*), group_concat(id) FROM skills
         WHERE typeof(name) <> 'text' OR name GLOB '*[^a-zA-Z0-9_-]*' OR length(name) NOT BETWEEN 1 AND 64",
    ),
    (
        "names belong to more than one skill",
        "SELECT count(*), group_concat(name, ', ') FROM (SELECT name FROM skills GROUP BY name HAVING count(*) > 1)",
    ),
    (
        "rows of approval_history have a decision that cfn does not know",
        "SELECT count(*), group_concat(rowid) FROM approval_history
         WHERE coalesce(decision, '') NOT IN ('approved', 'rejected', 'escalated', 'needs_correction')",
    ),
    (
        "rows of agent_skill_mappings have a priority outside 1 to 10",
        "SELECT count(*), group_concat(rowid) FROM agent_skill_mappings
         WHERE priority NOT BETWEEN 1 AND 10 OR typeof(priority) NOT IN ('integer', 'null')",
    ),
    (
        "rows of agent_skill_mappings have a value other than 0 and 1 in required or enabled",
        "SELECT count(*), group_concat(rowid) FROM agent_skill_mappings
         WHERE coalesce(required, 0) NOT IN (0, 1) OR coalesce(enabled, 0) NOT IN (0, 1)",
    ),
    (
        "rows of bootstrap_skills have a value other than 0 and 1 in enabled",
        "SELECT count(*), group_concat(skill_name, ', ') FROM bootstrap_skills WHERE coalesce(enabled, 0) NOT IN (0, 1)",
    ),
    (
        "rows of agent_skill_mappings repeat an agent type and skill",
        "SELECT count(*), group_concat(m.rowid) FROM agent_skill_mappings m WHERE EXISTS (SELECT 1 FROM agent_skill_mappings n
           WHERE n.agent_type = m.agent_type AND n.skill_id = m.skill_id AND n.rowid < m.rowid)",
    ),
];

pub(super) fn run(connection: &Connection, place: &Place) -> crate::store::Result<CheckReport> {
    let mut report = CheckReport { damage: Vec::new(), warnings: Vec::new(), contents_checked: 0 };
    let whole = structure(connection, &mut report)
        .and_then(|()| foreign::check(connection, &mut report))
        .and_then(|()| if report.damage.is_empty() { rows(connection, &mut report) } else { Ok(()) });
    match whole {
        Ok(()) => Ok(report),
        // If a query fails because of damage, that is the finding.
        Err(error) if matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseCorrupt)) => {
            report.damage.push(place.fail(&error).to_string());
            Ok(report)
        }
        Err(error) => Err(place.fail(&error)),
    }
}

/// Checks the content of the tables, which must exist.
fn rows(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    contents(connection, report)?;
    files::check(connection, report)?;
    warnings(connection, report)
}

fn structure(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    // A value that a CHECK would refuse is a warning below, not damage.
    for line in lines.into_iter().filter(|line| line != "ok") {
        let rule = line.starts_with("CHECK constraint failed") || line.starts_with("NULL value in");
        if rule { report.warnings.push(line) } else { report.damage.push(line) }
    }
    Ok(())
}

fn contents(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    let mut statement = connection.prepare("SELECT hash, bytes FROM skill_contents")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hash = Fields::new("skill_contents", row).text()?;
        let bytes = row.get_ref(1)?.as_bytes_or_null().ok().flatten().unwrap_or_default();
        report.contents_checked += 1;
        if !hash.parse::<ContentHash>().is_ok_and(|it| it.matches(bytes)) {
            report.damage.push(format!("the bytes stored as {} are not those of their hash", Visible(hash)));
        }
    }
    Ok(())
}

fn warnings(connection: &Connection, report: &mut CheckReport) -> Result<()> {
    for (what, query) in WARNINGS {
        report.warnings.extend(found(connection, what, query)?);
    }
    Ok(())
}

/// Orphaned rows and invalid values of the tables that do not grow with the usage log, and contents that are missing.
pub(super) fn quick(connection: &Connection, examination: &mut Examination) -> Result<()> {
    for (what, query) in WARNINGS.into_iter().filter(|(what, _)| !what.contains("skill_usage_log")) {
        let Some(warning) = found(connection, what, query)? else { continue };
        if what.ends_with(MISSING) {
            examination.missing_contents.push(warning);
        } else {
            // "rows of TABLE point to a skill that does not exist"
            let table =
                what.strip_prefix("rows of ").and_then(|it| it.strip_suffix(" point to a skill that does not exist"));
            let sql = table.map(|it| format!("DELETE FROM {it} WHERE skill_id NOT IN (SELECT id FROM skills)"));
            examination.orphans.push(Repairable { what: warning, sql });
        }
    }
    Ok(())
}

/// The end of messages about contents that are missing.
const MISSING: &str = "name bytes that are not in the database";

/// The message with the number of rows and the first of them, if there are any.
fn found(connection: &Connection, what: &'static str, query: &str) -> Result<Option<String>> {
    let (count, which): (i64, String) = connection.query_row(query, [], |row| {
        let mut fields = Fields::new(what, row);
        Ok((fields.get()?, fields.text()?))
    })?;
    let which: String = which.chars().take(200).collect();
    Ok((count > 0).then(|| format!("{count} {what} ({})", Visible(which))))
}
