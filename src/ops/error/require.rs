//! The skill that a command names, which must exist.

use super::{Error, Result, nearest};
use crate::model::{Skill, SkillName};
use crate::store::{About, NameKind, Snapshot};

/// The skill with this name, or an error that suggests similar ones.
pub fn require_skill(snapshot: &dyn Snapshot, name: &SkillName) -> Result<Skill> {
    require_skill_and(snapshot, name, &[])
}

/// The same; see [`skill_and`](crate::store::Catalogue::skill_and).
pub(in crate::ops) fn require_skill_and(
    snapshot: &dyn Snapshot,
    name: &SkillName,
    next: &[About<'_>],
) -> Result<Skill> {
    match snapshot.skill_and(name, next)? {
        Some(skill) => Ok(skill),
        None => Err(Error::SkillNotFound {
            name: name.to_string(),
            near: nearest(name.as_str(), snapshot.names(NameKind::Skill)?),
        }),
    }
}
