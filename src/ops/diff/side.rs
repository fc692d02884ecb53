//! A folder to compare.

use crate::model::{Skill, SkillFolder, VersionRecord};
use crate::ops::body::require_body;
use crate::ops::error::{Error, Result};
use crate::ops::stored_folder::{current, require_recorded};
use crate::store::Snapshot;

/// Where a folder is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    version: String,
    content_hash: String,
    /// `None` for a plain folder.
    folder_hash: Option<String>,
}

impl Place {
    /// All files of a version.
    pub(super) fn recorded(record: &VersionRecord) -> Self {
        let VersionRecord { version, content_hash, folder_hash, .. } = record;
        Self { version: version.clone(), content_hash: content_hash.clone(), folder_hash: folder_hash.clone() }
    }

    /// The approved files of an approved version.
    pub(super) fn approved(record: &VersionRecord) -> Self {
        let all = Self::recorded(record);
        if record.partial { Self { folder_hash: None, ..all } } else { all }
    }

    /// The current files; other bytes in the skill's row, which are no version, are a skill file alone.
    pub(super) fn current(skill: &Skill, versions: &[VersionRecord]) -> Self {
        let row =
            || Self { version: skill.version.clone(), content_hash: skill.content_hash.clone(), folder_hash: None };
        current(skill, versions).map_or_else(row, Self::recorded)
    }

    pub(super) fn differs(&self, other: &Self) -> bool {
        (&self.content_hash, &self.folder_hash) != (&other.content_hash, &other.folder_hash)
    }
}

/// The files of a folder, with the text of its skill file.
pub(super) struct Side {
    pub(super) version: String,
    pub(super) text: String,
    pub(super) folder: SkillFolder,
}

impl Side {
    pub(super) fn read(snapshot: &dyn Snapshot, skill: &Skill, place: &Place) -> Result<Self> {
        let Place { version, content_hash, folder_hash } = place;
        let text = require_body(snapshot, &skill.name, version, content_hash)?;
        let folder = match folder_hash {
            Some(hash) => require_recorded(snapshot, skill, version, hash)?,
            None => match content_hash.parse() {
                Ok(hash) => SkillFolder::alone(hash, text.len() as u64),
                Err(_) => {
                    let problem = "its recorded hash is invalid".to_owned();
                    return Err(Error::Integrity { name: skill.name.clone(), version: version.clone(), problem });
                }
            },
        };
        Ok(Self { version: version.clone(), text, folder })
    }
}
