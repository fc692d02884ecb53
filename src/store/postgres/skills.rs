//! `skills`: one row per skill, with its current version.

use super::approvals::review;
use super::fields::Fields;
use super::parameters::big;
use super::session::Session;
use crate::model::{Review, Skill, SkillId};
use crate::store::Result;

/// The columns of a [`Skill`], in the order of [`read`].
macro_rules! columns {
    () => {
        "s.id, s.name, s.category, s.team, s.content_path, s.content_hash, s.tags, s.version, s.status,
         s.approval_level, s.last_approved_by, s.last_approval_date, s.phase4_pattern_id, s.generated_by, s.owner, s.created_at, s.updated_at, s.pinned_version"
    };
}

pub(super) use columns;

/// The skill with this name, or else the one that had it before.
pub(super) const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM skills s WHERE s.name = $1 UNION ALL SELECT ",
    columns!(),
    " FROM cfn_aliases a JOIN skills s ON s.id = a.skill_id WHERE a.name = $1
        AND NOT EXISTS (SELECT 1 FROM skills WHERE name = $1)"
);

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Skill> {
    Ok(Skill {
        id: SkillId(fields.get()?),
        name: fields.text()?,
        category: fields.text()?,
        team: fields.get()?,
        content_path: fields.text()?,
        content_hash: fields.text()?,
        tags: fields.stored()?,
        version: fields.text()?,
        status: fields.text()?,
        approval_level: fields.level()?,
        last_approved_by: fields.get()?,
        last_approval_date: fields.stored()?,
        phase4_pattern_id: fields.get()?,
        generated_by: fields.get()?,
        owner: fields.get()?,
        created_at: fields.stored()?,
        updated_at: fields.stored()?,
        pinned_version: fields.get()?,
    })
}

pub(super) const REVIEW: &str = concat!(
    "SELECT s.id, ",
    review!("v"),
    " FROM skills s
     LEFT JOIN skill_versions v ON v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash
     WHERE s.id = $1"
);

pub(super) fn review_of(session: &Session, skill: SkillId) -> Result<Review> {
    let Some(row) = session.first(REVIEW, &[big(skill.0)])? else { return Ok(Review::None) };
    let mut fields = Fields::new("skills", &row);
    let _id: i64 = fields.get()?;
    fields.word()
}
