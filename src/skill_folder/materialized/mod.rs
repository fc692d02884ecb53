//! Materialized folders: copies of approved folders on disk for agents to read, `ROOT/FOLDERHASH/NAME/…`.
//!
//! A folder is written once, whole, read-only, and its bytes are verified each time before it is handed out: completely,
//! or by the manifest beside it, `ROOT/FOLDERHASH/.NAME.manifest`, which has what the system said of each file and folder
//! when its hash was checked. What differs is written again.
//!
//! This guards against accidents and other users. A hostile process of the same user can change files after they were
//! verified; only a mount that it cannot write to guards against that.

mod care;
mod check;
mod error;
mod home;
mod manifest;
mod root;
mod staging;

use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, openat};

pub use care::MaterializedFolder;
use check::{FILE_MODE, FOLDER_MODE, RUNNABLE_MODE, Sync, is_unchanged, verified};
pub use error::MaterializeError;
use home::{Home, StagedManifest, manifest_name};
use manifest::Manifest;
use root::Root;

use super::write::{Rights, WriteFault, write};
use crate::model::{FolderFile, SkillFolder};

/// Which hashes are checked before a folder is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Those of folders in which something changed since the last check, or that were not checked for a day.
    Changed,
    /// All.
    Full,
}

/// The folder that skills are materialized in, opened.
#[derive(Debug)]
pub struct Materialized {
    root: Root,
    /// The current time in seconds.
    now: i64,
}

/// Everybody reads, and nobody writes. Only this user can enter the folder that they are in.
const READ_ONLY: Rights = Rights { folder: FOLDER_MODE, plain: FILE_MODE, executable: RUNNABLE_MODE };

/// Maximum length of a name, in bytes: those of its manifest are longer.
const LONGEST_NAME: usize = 200;

impl Materialized {
    /// Opens the folder, and creates it first if it is missing. It must be one that only this user can enter.
    pub fn create(path: &Path, now: i64) -> Result<Self, MaterializeError> {
        Ok(Self { root: Root::create(path)?, now })
    }

    /// Opens the folder, if it exists.
    pub fn open(path: &Path, now: i64) -> Result<Option<Self>, MaterializeError> {
        Ok(Root::open(path)?.map(|root| Self { root, now }))
    }

    /// The path of a folder on disk that was just verified. It is written first if it is missing or differs; `bytes`
    /// returns the content of a file for that.
    pub fn folder<E: From<WriteFault> + From<MaterializeError>>(
        &self,
        name: &str,
        folder: &SkillFolder,
        check: Check,
        bytes: &mut dyn FnMut(&FolderFile) -> Result<Vec<u8>, E>,
    ) -> Result<PathBuf, E> {
        let hash = folder.hash().to_string();
        let relative = format!("{hash}/{name}");
        let path = self.root.path_of(&relative);
        if !is_materializable(name) {
            return Err(MaterializeError::Name { name: name.to_owned() }.into());
        }
        let known = self.manifest(&hash, name);
        let vouches = |it: &Manifest| !it.is_early() && !it.is_old(self.now);
        if check == Check::Changed
            && known.as_ref().is_some_and(|it| vouches(it) && is_unchanged(self.root.as_fd(), &relative, it))
        {
            return Ok(path);
        }
        let failed = |error| E::from(MaterializeError::Failed { path: path.clone(), source: error });
        let home = Home::lock(&self.root, &hash).map_err(failed)?;
        let checked = Checked { home: &home, hash: &hash, name, folder };
        if !checked.is_same(Sync::No, known.as_ref()) {
            let staged = Home::staged_name();
            drop(write(&home, &staged, folder, READ_ONLY, bytes)?);
            home.publish(&staged, name).map_err(failed)?;
            if !checked.is_same(Sync::Yes, None) {
                return Err(MaterializeError::NotKept { path }.into());
            }
        }
        Ok(path)
    }

    /// The folders that are there, after removing what killed processes left.
    pub fn folders(&self) -> Result<Vec<MaterializedFolder>, MaterializeError> {
        care::folders(&self.root)
    }

    /// Removes a folder, and returns the path that it had.
    pub fn remove(&self, folder: &MaterializedFolder) -> Result<PathBuf, MaterializeError> {
        care::remove(&self.root, folder)
    }

    /// Reads a manifest, in as few system calls as possible.
    fn manifest(&self, hash: &str, name: &str) -> Option<Manifest> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let path = format!("{hash}/{}", manifest_name(name));
        let handle = openat(&self.root, path, flags, Mode::empty()).ok()?;
        manifest::read(&handle, hash)
    }
}

/// Whether a skill of this name can be materialized: names that other programs recorded may be paths.
fn is_materializable(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('.')
        && !name.contains(|it: char| it == '/' || it.is_control())
}

/// A folder to be read completely.
struct Checked<'a> {
    home: &'a Home,
    hash: &'a str,
    name: &'a str,
    folder: &'a SkillFolder,
}

impl Checked<'_> {
    /// Whether the folder is exactly what it must be. If so, the manifest says so from now on; without it, the next
    /// check only takes longer.
    fn is_same(&self, sync: Sync, known: Option<&Manifest>) -> bool {
        let staged = StagedManifest::create(self.home); // its time comes before the check
        let Some(entries) = verified(self.home.as_fd(), self.name, self.folder, sync) else { return false };
        if let Ok(staged) = staged {
            let manifest = Manifest { written: staged.created, entries };
            let says_no_more = manifest.is_early() && known.is_some_and(|it| it.entries == manifest.entries);
            if !says_no_more && let Err(error) = staged.publish(&manifest, self.hash, self.name) {
                tracing::debug!(name = self.name, %error, "no manifest");
            }
        }
        true
    }
}

#[cfg(test)]
mod tests;
