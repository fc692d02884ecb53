//! Where agents find the files of skills: materialized, or where they were read from.

use std::cell::OnceCell;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::picked::Picked;
use crate::model::{ContentHash, FileMode, FolderFile, FolderLimits, SKILL_FILE, SkillFolder, Visible};
use crate::ops::content_file::Files;
use crate::ops::error::{Error, Result};
use crate::ops::project::Project;
use crate::skill_folder::{Check, MaterializeError, Materialized, WriteFault};
use crate::store::Snapshot;

/// Where agents may find the files of skills.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder that files must be in, links resolved; `None` for any.
    pub content_root: Option<PathBuf>,
    /// The project that recorded paths are relative to.
    pub project: Project,
    /// Which files are handed out.
    pub paths: Paths,
}

/// Which files are handed out. In both cases only if they have the approved bytes.
#[derive(Debug, Clone)]
pub enum Paths {
    /// Those that the skill was read from, if they still have these bytes.
    Source,
    /// Copies, which are written if they are missing.
    Materialized {
        /// The folder for them; `None` if the user has no home folder.
        folder: Option<PathBuf>,
        /// Which hashes are checked.
        check: Check,
        /// The current time in seconds.
        now: i64,
    },
}

/// The files of a skill on disk, just verified.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    /// The skill file.
    pub(super) file: PathBuf,
    /// Its folder.
    pub(super) folder: PathBuf,
}

/// Finds the files of the skills of one answer.
pub(super) struct Placing<'a> {
    snapshot: &'a dyn Snapshot,
    places: &'a Places,
    /// The opened folder of materialized skills, or why there is none.
    opened: OnceCell<std::result::Result<Materialized, String>>,
}

/// Why a folder was not materialized.
enum Unwritten {
    /// The load fails.
    Failed(Error),
    /// The skill is left out, or handed out from where it was read.
    Reason(String),
}

impl From<WriteFault> for Unwritten {
    fn from(fault: WriteFault) -> Self {
        Self::Reason(fault.to_string())
    }
}

impl From<MaterializeError> for Unwritten {
    fn from(error: MaterializeError) -> Self {
        match error {
            exposed @ MaterializeError::Exposed { .. } => Self::Failed(Error::Materialize(exposed)),
            error => Self::Reason(error.to_string()),
        }
    }
}

impl<'a> Placing<'a> {
    pub(super) fn of(snapshot: &'a dyn Snapshot, places: &'a Places) -> Self {
        Self { snapshot, places, opened: OnceCell::new() }
    }

    /// The files of a skill, or why it must be left out.
    pub(super) fn find(&self, skill: &Picked, content: &str) -> Result<std::result::Result<Placed, String>> {
        const DIFFERS: &str = "its file is missing or differs from the approved bytes";
        const ONE_DIFFERS: &str = "its files are missing or differ from the approved ones";
        let differs = if skill.folder.is_some() { ONE_DIFFERS } else { DIFFERS };
        let Paths::Materialized { folder, check, now } = &self.places.paths else {
            return Ok(self.source(skill, content).ok_or_else(|| differs.to_owned()));
        };
        let written = self.opened(folder.as_deref(), *now).and_then(|it| self.materialized(it, skill, content, *check));
        match written {
            Ok(placed) => Ok(Ok(placed)),
            Err(Unwritten::Failed(error)) => Err(error),
            Err(Unwritten::Reason(why)) => {
                tracing::debug!(name = skill.name, why, "not materialized");
                Ok(self.source(skill, content).ok_or_else(|| format!("it was not materialized ({why}), and {differs}")))
            }
        }
    }

    fn opened(&self, folder: Option<&Path>, now: i64) -> std::result::Result<&Materialized, Unwritten> {
        if self.opened.get().is_none() {
            let opened = match folder.map(|it| Materialized::create(it, now).map_err(Unwritten::from)) {
                Some(Ok(materialized)) => Ok(materialized),
                Some(Err(Unwritten::Failed(error))) => return Err(Unwritten::Failed(error)),
                Some(Err(Unwritten::Reason(why))) => Err(why),
                None => Err("there is no home folder; CFN_MATERIALIZE_DIR names another".to_owned()),
            };
            let _ = self.opened.set(opened);
        }
        match self.opened.get() {
            Some(Ok(materialized)) => Ok(materialized),
            Some(Err(why)) => Err(Unwritten::Reason(why.clone())),
            None => Err(Unwritten::Reason(String::new())),
        }
    }

    fn materialized(
        &self,
        materialized: &Materialized,
        skill: &Picked,
        content: &str,
        check: Check,
    ) -> std::result::Result<Placed, Unwritten> {
        let hash = || skill.content_hash.parse::<ContentHash>();
        let alone = || hash().map(|it| SkillFolder::alone(it, content.len() as u64));
        let folder = skill.folder.clone().map_or_else(alone, Ok).map_err(|it| Unwritten::Reason(it.to_string()))?;
        let folder = materialized.folder(&skill.name, &folder, check, &mut |file| self.bytes(file, content))?;
        Ok(Placed { file: folder.join(SKILL_FILE), folder })
    }

    /// The stored bytes of a file, unverified: the caller compares them with the hash.
    fn bytes(&self, file: &FolderFile, content: &str) -> std::result::Result<Vec<u8>, Unwritten> {
        if file.path.as_str() == SKILL_FILE {
            return Ok(content.as_bytes().to_vec());
        }
        let stored = self.snapshot.content(&file.hash.to_string()).map_err(|it| Unwritten::Failed(it.into()))?;
        stored.ok_or_else(|| Unwritten::Reason(format!("the bytes of {} are not stored", Visible(file.path.as_str()))))
    }

    /// The files that a skill was read from, if all of them are as they were approved.
    fn source(&self, skill: &Picked, content: &str) -> Option<Placed> {
        let files = |most_bytes| Files {
            most_bytes,
            root: self.places.content_root.clone(),
            folder: FolderLimits::default(),
            database: None,
        };
        let is_same = |place: &PathBuf| files(content.len()).read(place).is_ok_and(|it| it.bytes == content.as_bytes());
        let others = |folder: &Path| {
            let all = skill.folder.iter().flat_map(SkillFolder::files);
            all.filter(|it| it.path.as_str() != SKILL_FILE).all(|it| {
                let path = folder.join(it.path.as_str());
                let mode = fs::metadata(&path).map(|found| FileMode::of(found.permissions().mode()));
                let most = usize::try_from(it.size).unwrap_or(usize::MAX);
                mode.is_ok_and(|mode| mode == it.mode)
                    && files(most).read(&path).is_ok_and(|found| it.hash.matches(&found.bytes))
            })
        };
        let places = self.places.project.places(&skill.content_path).into_iter();
        places.filter(is_same).find_map(|file| {
            let folder = file.parent().filter(|it| others(it))?.to_owned();
            Some(Placed { file, folder })
        })
    }
}
