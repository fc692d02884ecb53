//! What a restore loses: decisions that the backup does not have.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Result};

use super::failure::Place;
use super::layout::exists;
use super::open;
use crate::store::LostDecisions;

/// Each decision, with the skill's name and what was decided. Some databases lack unique ids.
const DECISIONS: &str = "SELECT quote(id) || quote(skill_id) || quote(version) || quote(decision) || quote(timestamp)
    || quote(approver), coalesce((SELECT name FROM skills s WHERE s.id = skill_id), ''),
    iif(approval_criteria_check LIKE '%\"revoked\":true%', 'revoked', decision) FROM approval_history";

/// Likewise refusals of bytes without a skill: of bootstrap skills, and of those that were deleted.
const REFUSALS: &str =
    "SELECT 'e' || quote(id) || quote(skill) || quote(event) || quote(created_at), coalesce(skill, ''), event
    FROM cfn_events WHERE event IN ('revoked', 'purged', 'rejected')";
const GONE: &str = " AND skill_id NOT IN (SELECT id FROM skills)";

/// The decisions of the kept copy that the backup does not have. `None` if one of them cannot be read: a restore does not
/// depend on it.
pub(super) fn by_restore(backup: &Connection, place: &Place, kept: &Path) -> Option<LostDecisions> {
    let kept = open::plain(&Place::new(kept, place.busy_timeout), kept, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    decisions(backup, &kept).ok()
}

/// The decisions of a database that a backup does not have.
pub(super) fn decisions(backup: &Connection, of: &Connection) -> Result<LostDecisions> {
    let mut there = HashSet::new();
    for (table, sql) in [("approval_history", DECISIONS), ("cfn_events", REFUSALS)] {
        if exists(backup, "table", table)? {
            each(backup, sql, |key, _, _| {
                there.insert(key);
            })?;
        }
    }
    let mut lost = LostDecisions::default();
    let mut skills = BTreeMap::new();
    for sql in [DECISIONS, &format!("{REFUSALS}{GONE}")] {
        each(of, sql, |key, skill, what| {
            if there.contains(&key) {
                return;
            }
            let refuses = !matches!(what.as_str(), "approved" | "escalated" | "needs_correction");
            *skills.entry(skill).or_insert(false) |= refuses;
            *match what.as_str() {
                "approved" => &mut lost.approvals,
                "rejected" => &mut lost.rejections,
                "revoked" | "purged" => &mut lost.revocations,
                _ => &mut lost.others,
            } += 1;
        })?;
    }
    let names = |refused| skills.iter().filter(move |it| *it.1 == refused).map(|it| it.0.clone());
    lost.skills = names(true).chain(names(false)).filter(|it| !it.is_empty()).collect();
    Ok(lost)
}

fn each(connection: &Connection, sql: &str, mut take: impl FnMut(String, String, String)) -> Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
        take(text(0)?, text(1)?, text(2)?);
    }
    Ok(())
}
