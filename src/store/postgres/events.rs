//! `cfn_events`: what happened to skills, besides decisions.

use tokio_postgres::Row;

use super::fields::Fields;
use super::parameters::{big, maybe_big, maybe_text, text};
use super::session::Session;
use super::verified::added;
use crate::model::{EventKind, SkillEvent, SkillId, SkillName, StoredJson};
use crate::store::{NewEvent, Result};

macro_rules! events {
    ($which:literal) => {
        concat!(
            "SELECT id, skill, event, version, content_hash, detail, actor, reason, created_at FROM cfn_events WHERE ",
            $which,
            " ORDER BY id DESC"
        )
    };
}

pub(super) const OF: &str = events!("skill_id = $1");
const OF_GONE: &str = events!("skill = $1 AND NOT EXISTS (SELECT FROM skills s WHERE s.id = cfn_events.skill_id)");
pub(super) const ABOUT: &str = concat!(events!("content_hash = $1 AND (event <> $3 OR skill_id = $2)"), " LIMIT 1");

const RECORD: &str = added!(
    "cfn_events",
    "(skill_id, skill, event, version, content_hash, detail, actor, reason, created_at)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
);

pub(super) fn of(session: &Session, skill: SkillId) -> Result<Vec<SkillEvent>> {
    session.rows(OF, &[big(skill.0)])?.iter().map(event).collect()
}

pub(super) fn of_gone(session: &Session, name: &SkillName) -> Result<Vec<SkillEvent>> {
    session.rows(OF_GONE, &[text(name.as_str())])?.iter().map(event).collect()
}

pub(super) fn refusal(session: &Session, hash: &str, skill: Option<SkillId>) -> Result<Option<SkillEvent>> {
    let accepted = EventKind::Accepted;
    let found = session.first(ABOUT, &[text(hash), maybe_big(skill.map(|it| it.0)), text(accepted.as_str())])?;
    let latest = found.as_ref().map(event).transpose()?;
    Ok(latest.filter(|it| !it.is(accepted)))
}

pub(super) fn record(session: &Session, new: &NewEvent<'_>) -> Result<()> {
    let all = [
        big(new.skill.0),
        text(new.name),
        text(new.event.as_str()),
        maybe_text(new.version),
        maybe_text(new.content_hash),
        maybe_text(new.detail.map(StoredJson::as_str)),
        maybe_text(new.actor),
        maybe_text(new.reason),
        text(new.now.as_str()),
    ];
    session.write(RECORD, &all)
}

fn event(row: &Row) -> Result<SkillEvent> {
    let mut fields = Fields::new("cfn_events", row);
    Ok(SkillEvent {
        id: fields.get()?,
        skill: fields.text()?,
        event: fields.text()?,
        version: fields.get()?,
        content_hash: fields.get()?,
        detail: fields.stored()?,
        actor: fields.get()?,
        reason: fields.get()?,
        created_at: fields.stored()?,
    })
}
