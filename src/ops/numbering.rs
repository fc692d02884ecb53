//! The number that other bytes get.

use super::error::{Error, Result};
use crate::model::{ChangeType, Skill, Version, VersionRecord};

/// The number that was asked for, where it is free and higher than the current one; else the next free patch version.
pub(super) fn next(skill: &Skill, versions: &[VersionRecord], asked: Option<Version>) -> Result<Version> {
    let current = Version::lenient(&skill.version);
    let Some(asked) = asked else {
        let current = current.ok_or_else(|| unreadable(skill))?;
        return next_free_patch(current, versions).ok_or_else(|| unreadable(skill));
    };
    if current.is_some_and(|current| asked <= current) {
        return Err(Error::NotHigher { name: skill.name.clone(), current: skill.version.clone(), new: asked });
    }
    require_free(skill, versions, asked)?;
    Ok(asked)
}

/// A step of the type that was stated, to a number that is free.
pub(super) fn step(skill: &Skill, versions: &[VersionRecord], new: Version, stated: ChangeType) -> Result<()> {
    let current = Version::lenient(&skill.version).ok_or_else(|| unreadable(skill))?;
    match current.step_to(new) {
        None => Err(Error::NotHigher { name: skill.name.clone(), current: skill.version.clone(), new }),
        Some(actual) if actual != stated => Err(Error::OtherChangeType { current, new, actual, stated }),
        Some(_) => require_free(skill, versions, new),
    }
}

fn require_free(skill: &Skill, versions: &[VersionRecord], number: Version) -> Result<()> {
    if versions.iter().any(|it| Version::lenient(&it.version) == Some(number)) {
        return Err(Error::VersionTaken { name: skill.name.clone(), version: number });
    }
    Ok(())
}

/// Another program may have set the skill back to an earlier version; numbers above it can be taken.
fn next_free_patch(current: Version, versions: &[VersionRecord]) -> Option<Version> {
    let mut number = current.next_patch()?;
    while versions.iter().any(|it| Version::lenient(&it.version) == Some(number)) {
        number = number.next_patch()?;
    }
    Some(number)
}

fn unreadable(skill: &Skill) -> Error {
    Error::UnreadableVersion { name: skill.name.clone(), current: skill.version.clone() }
}
