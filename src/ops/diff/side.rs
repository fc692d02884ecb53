//! A folder to compare.

use crate::model::{ContentHash, FolderFile, Skill, SkillFolder, VersionRecord};
use crate::ops::body::require_body;
use crate::ops::content_file::Files;
use crate::ops::error::{Error, Result};
use crate::ops::folder::{ReadSkill, Wanted};
use crate::ops::project::Project;
use crate::ops::stored_folder::{current, require_bytes, require_recorded};
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
    /// Bytes that are not in the database.
    contents: Vec<(ContentHash, Vec<u8>)>,
}

impl Side {
    pub(super) fn read(snapshot: &dyn Snapshot, skill: &Skill, place: &Place) -> Result<Self> {
        let Place { version, content_hash, folder_hash } = place;
        let text = require_body(snapshot, &skill.name, version, content_hash)?;
        let folder = if let Some(hash) = folder_hash {
            require_recorded(snapshot, skill, version, hash)?
        } else if let Ok(hash) = content_hash.parse() {
            SkillFolder::alone(hash, text.len() as u64)
        } else {
            let problem = "its recorded hash is invalid".to_owned();
            return Err(Error::Integrity { name: skill.name.clone(), version: version.clone(), problem });
        };
        Ok(Self { version: version.clone(), text, folder, contents: Vec::new() })
    }

    /// The folder that the current version was read from, as it is now. A file of another name stands for the skill
    /// file alone, and the other files are those of the recorded side.
    pub(super) fn on_disk(files: &Files, project: &Project, skill: &Skill, recorded: Option<&Self>) -> Result<Self> {
        let places = project.places(&skill.content_path);
        let path = places.iter().find(|it| it.exists()).or(places.first()).cloned().unwrap_or_default();
        let read = ReadSkill::read(files, Wanted { path: &path, only_skill_file: false })?;
        let folder = read.folder(recorded.map(|it| &it.folder));
        let contents = read.contents().into_iter().map(|(hash, bytes)| (hash, bytes.to_vec())).collect();
        let text = String::from_utf8_lossy(&read.file.bytes).into_owned();
        Ok(Self { version: "disk".to_owned(), text, folder, contents })
    }

    /// The bytes of one of its files, verified.
    pub(super) fn bytes(&self, snapshot: &dyn Snapshot, skill: &Skill, file: &FolderFile) -> Result<Vec<u8>> {
        match self.contents.iter().find(|(hash, _)| *hash == file.hash) {
            Some((_, bytes)) => Ok(bytes.clone()),
            None => require_bytes(snapshot, skill, &self.version, file),
        }
    }
}
