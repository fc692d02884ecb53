//! `cfn_events`: what happened to skills, besides decisions.

use rusqlite::{Connection, Result, Row, params};

use super::rows::{Fields, collect, first};
use super::verified::insert;
use crate::model::{EventKind, SkillEvent, SkillId, SkillName};
use crate::store::NewEvent;

macro_rules! events {
    ($which:literal) => {
        concat!(
            "SELECT id, skill, event, version, content_hash, detail, actor, reason, created_at FROM cfn_events WHERE ",
            $which,
            " ORDER BY id DESC"
        )
    };
}

/// Events are rare, so only the ones about bytes have an index.
const OF: &str = events!("skill_id = ?1");
const OF_GONE: &str = events!("skill = ?1 AND skill_id NOT IN (SELECT id FROM skills)");
const ABOUT: &str = concat!(events!("content_hash = ?1 AND (event <> ?3 OR skill_id = ?2)"), " LIMIT 1");

pub(super) fn of(connection: &Connection, skill: SkillId) -> Result<Vec<SkillEvent>> {
    collect(connection, OF, [skill.0], event)
}

pub(super) fn of_gone(connection: &Connection, name: &SkillName) -> Result<Vec<SkillEvent>> {
    collect(connection, OF_GONE, [name.as_str()], event)
}

pub(super) fn refusal(connection: &Connection, hash: &str, skill: Option<SkillId>) -> Result<Option<SkillEvent>> {
    let accepted = EventKind::Accepted;
    let latest = first(connection, ABOUT, params![hash, skill.map(|it| it.0), accepted.as_str()], event)?;
    Ok(latest.filter(|it| !it.is(accepted)))
}

pub(super) fn record(connection: &Connection, new: &NewEvent<'_>) -> Result<()> {
    insert(
        connection,
        "INSERT INTO cfn_events (skill_id, skill, event, version, content_hash, detail, actor, reason, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            new.skill.0,
            new.name,
            new.event.as_str(),
            new.version,
            new.content_hash,
            new.detail,
            new.actor,
            new.reason,
            new.now,
        ],
    )?;
    Ok(())
}

fn event(row: &Row<'_>) -> Result<SkillEvent> {
    let mut fields = Fields::new("cfn_events", row);
    Ok(SkillEvent {
        id: fields.get()?,
        skill: fields.text()?,
        event: fields.text()?,
        version: fields.maybe_text()?,
        content_hash: fields.maybe_text()?,
        detail: fields.stored()?,
        actor: fields.maybe_text()?,
        reason: fields.maybe_text()?,
        created_at: fields.stored()?,
    })
}

#[cfg(test)]
mod tests {
    use super::ABOUT;
    use crate::store::sqlite::plans::{database, scans};

    #[test]
    fn whether_bytes_are_refused_is_a_seek() -> rusqlite::Result<()> {
        let connection = database()?;
        assert!(scans(&connection, ABOUT)?.is_empty(), "{:?}", scans(&connection, ABOUT));
        Ok(())
    }
}
