//! Chooses version numbers.

use crate::model::{ChangeType, DeclaredVersion, Remark, Skill, Version, VersionBytes, VersionRecord, Visible};
use crate::ops::error::{Error, Result};

/// How to number new bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Numbering {
    /// This number, as a step of the stated type.
    Step(Version, ChangeType),
    /// The next free number after a step of this type.
    Count(ChangeType),
    /// This number.
    Exactly(Version),
    /// The number declared in the file, if higher than the current one, or else the next patch version.
    Declared,
    /// The next patch version, ignoring the file's.
    Next,
}

/// The versions as numbering sees them.
pub(in crate::ops) fn bytes_of(versions: &[VersionRecord]) -> Vec<VersionBytes> {
    versions.iter().map(VersionBytes::from).collect()
}

/// A number, and a remark about the declared one.
#[derive(Debug)]
pub(in crate::ops) struct Number {
    pub(in crate::ops) version: String,
    pub(in crate::ops) remark: Option<Remark>,
}

impl Numbering {
    /// The number of a new skill.
    pub(in crate::ops) fn first(self, declared: Option<&str>) -> Number {
        let declared = declared.map(DeclaredVersion::read);
        let version = match self {
            Self::Step(version, _) | Self::Exactly(version) => version,
            Self::Declared => declared.as_ref().and_then(|it| it.nearest).unwrap_or(Version::FIRST),
            Self::Next | Self::Count(_) => Version::FIRST,
        };
        let remark = declared.and_then(|it| self.remark(&it, Some(version), &version.to_string()));
        Number { version: version.to_string(), remark }
    }

    /// The number for an existing skill: the current one, unless the bytes are new.
    pub(in crate::ops) fn next(
        self,
        skill: &Skill,
        versions: &[VersionBytes],
        declared: Option<&str>,
        new_version: bool,
    ) -> Result<Number> {
        let declared = declared.map(DeclaredVersion::read);
        let nearest = declared.as_ref().and_then(|it| it.nearest);
        let version = match self {
            Self::Step(new, stated) => step(skill, versions, new, stated).map(|()| Some(new))?,
            _ if !new_version => Version::lenient(&skill.version),
            Self::Exactly(new) => exactly(skill, versions, new).map(|()| Some(new))?,
            Self::Declared => match nearest.filter(|it| exactly(skill, versions, *it).is_ok()) {
                Some(declared) => Some(declared),
                None => Some(next_free(skill, versions, ChangeType::Patch)?),
            },
            Self::Next => Some(next_free(skill, versions, ChangeType::Patch)?),
            Self::Count(step) => Some(next_free(skill, versions, step)?),
        };
        let text = match version {
            Some(version) if new_version => version.to_string(),
            _ => skill.version.clone(),
        };
        let unsaid = !new_version && nearest.is_some() && nearest == version;
        let remark = declared.filter(|_| !unsaid).and_then(|it| self.remark(&it, version, &text));
        Ok(Number { version: text, remark })
    }

    /// Whether these bytes are the current version. If another program changed only the hash in the row, a completing
    /// command restores the recorded bytes, and a command that must change something may record them as new.
    pub(in crate::ops) fn is_current(
        self,
        skill: &Skill,
        versions: &[VersionBytes],
        hash: &str,
        folder_hash: Option<&str>,
    ) -> bool {
        let puts_back = matches!(self, Self::Exactly(_) | Self::Declared);
        let recorded = versions.iter().find(|it| it.version == skill.version);
        let same = |it: &VersionBytes| it.content_hash == hash && it.folder_hash.as_deref() == folder_hash;
        recorded.is_some_and(same) && (puts_back || skill.content_hash == hash)
    }

    /// Whether the current bytes may be published again, to add missing parts.
    pub(in crate::ops) fn completes(self, skill: &Skill) -> bool {
        match self {
            Self::Declared => true,
            Self::Exactly(version) => Version::lenient(&skill.version) == Some(version),
            Self::Step(..) | Self::Count(_) | Self::Next => false,
        }
    }

    /// A remark if the declared number is not the one used.
    fn remark(self, declared: &DeclaredVersion<'_>, used: Option<Version>, recorded: &str) -> Option<Remark> {
        let (text, recorded) = (Visible(declared.shown()), Visible(recorded));
        let message = match declared.nearest {
            _ if self == Self::Next => return None,
            Some(nearest) if used == Some(nearest) && declared.exact => return None,
            Some(nearest) if used == Some(nearest) => {
                format!("the file declares the version \"{text}\", which is not X.Y.Z; it is recorded as {recorded}")
            }
            Some(_) => format!("the file declares the version \"{text}\"; this one is recorded as {recorded}"),
            None => format!(
                "the file declares the version \"{text}\", which is not X.Y.Z; this one is recorded as {recorded}"
            ),
        };
        Some(Remark::from(message))
    }
}

/// Requires a number that is free and higher than the current one.
fn exactly(skill: &Skill, versions: &[VersionBytes], new: Version) -> Result<()> {
    if Version::lenient(&skill.version).is_some_and(|current| new <= current) {
        return Err(Error::NotHigher { name: skill.name.clone(), current: skill.version.clone(), new });
    }
    require_free(skill, versions, new)
}

/// Requires a step of the stated type, to a free number.
fn step(skill: &Skill, versions: &[VersionBytes], new: Version, stated: ChangeType) -> Result<()> {
    let current = Version::lenient(&skill.version).ok_or_else(|| unreadable(skill))?;
    match current.step_to(new) {
        None => Err(Error::NotHigher { name: skill.name.clone(), current: skill.version.clone(), new }),
        Some(actual) if actual != stated => Err(Error::OtherChangeType { current, new, actual, stated }),
        Some(_) => require_free(skill, versions, new),
    }
}

fn require_free(skill: &Skill, versions: &[VersionBytes], number: Version) -> Result<()> {
    if versions.iter().any(|it| Version::lenient(&it.version) == Some(number)) {
        return Err(Error::VersionTaken { name: skill.name.clone(), version: number });
    }
    Ok(())
}

/// The next free version after a step of this type. Another program may have reset the skill to an earlier version, so
/// higher numbers may be in use.
fn next_free(skill: &Skill, versions: &[VersionBytes], step: ChangeType) -> Result<Version> {
    let mut number = Version::lenient(&skill.version);
    while let Some(next) = number.and_then(|it| it.after_step(step)) {
        if !versions.iter().any(|it| Version::lenient(&it.version) == Some(next)) {
            return Ok(next);
        }
        number = Some(next);
    }
    Err(unreadable(skill))
}

fn unreadable(skill: &Skill) -> Error {
    Error::UnreadableVersion { name: skill.name.clone(), current: skill.version.clone() }
}
