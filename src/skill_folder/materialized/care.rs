//! Looking after materialized folders: which there are, and removing them.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

use super::error::MaterializeError;
use super::home::{Home, manifest_name};
use super::manifest;
use super::root::{Root, names};
use crate::model::{ContentHash, SKILL_FILE};
use crate::skill_folder::folders::open_below;

/// A materialized folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaterializedFolder {
    /// The folder hash in hex.
    pub folder_hash: String,
    /// The skill's name.
    pub name: String,
    /// The hash of each file, with its path.
    pub files: Vec<(String, ContentHash)>,
    /// When it was last handed out, within a day; in seconds.
    pub used: i64,
}

impl MaterializedFolder {
    /// The hash of its skill file.
    #[must_use]
    pub fn skill_hash(&self) -> Option<ContentHash> {
        self.files.iter().find(|it| it.0 == SKILL_FILE).map(|it| it.1)
    }

    /// Whether a file in it has these bytes.
    #[must_use]
    pub fn holds(&self, hash: &ContentHash) -> bool {
        self.files.iter().any(|it| it.1 == *hash)
    }
}

/// Removes what killed processes left, and returns the folders that are there.
pub(super) fn folders(root: &Root) -> Result<Vec<MaterializedFolder>, MaterializeError> {
    let mut folders = Vec::new();
    let failed = |error| MaterializeError::failed(&root.path_of(""), error);
    for hash in names(root).map_err(failed)? {
        let Some(hash) = hash.to_str().filter(|it| it.parse::<ContentHash>().is_ok()) else { continue };
        let sweeping = Home::try_lock(root, hash);
        let Ok(home) = open_below(root, hash) else { continue };
        let there = names(&home).map_err(failed)?;
        for name in there.iter().filter_map(|it| it.to_str()).filter(|it| !it.starts_with('.')) {
            folders.extend(of(&home, hash, name));
        }
        if let Some(home) = sweeping {
            let _ = home.remove_if_empty(root, hash); // it is tried again next time
        }
    }
    Ok(folders)
}

/// Removes a folder. Returns its path.
pub(super) fn remove(root: &Root, folder: &MaterializedFolder) -> Result<PathBuf, MaterializeError> {
    let path = root.path_of(&format!("{}/{}", folder.folder_hash, folder.name));
    let failed = |source| MaterializeError::Failed { path: path.clone(), source };
    let home = Home::lock(root, &folder.folder_hash).map_err(failed)?;
    home.remove(root, &folder.folder_hash, &folder.name).map_err(failed)?;
    Ok(path)
}

fn of(home: impl AsFd, hash: &str, name: &str) -> Option<MaterializedFolder> {
    let beside = manifest_name(name);
    let found = statat(&home, beside.as_str(), AtFlags::SYMLINK_NOFOLLOW);
    let used = found.or_else(|_| statat(&home, name, AtFlags::SYMLINK_NOFOLLOW)).ok()?.st_mtime;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let handle = openat(&home, beside.as_str(), flags, Mode::empty()).ok();
    let files = if let Some(manifest) = handle.and_then(|it| manifest::read(&it, hash)) {
        manifest.entries.into_iter().filter_map(|it| Some((it.path, it.hash?))).collect()
    } else {
        let mut files = Vec::new();
        let _ = hashes(&home, name, "", &mut files); // what cannot be read cannot be told
        files
    };
    Some(MaterializedFolder { folder_hash: hash.to_owned(), name: name.to_owned(), files, used })
}

/// Hashes every file of a folder without a manifest.
fn hashes(parent: impl AsFd, name: &str, path: &str, files: &mut Vec<(String, ContentHash)>) -> io::Result<()> {
    let folder = open_below(parent, name)?;
    for name in names(&folder)?.iter().filter_map(|it| it.to_str()) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        match FileType::from_raw_mode(statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode) {
            FileType::Directory if path.len() < 4096 => hashes(&folder, name, &path, files)?,
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let mut file = File::from(openat(&folder, name, flags, Mode::empty())?);
                files.push((path, ContentHash::of_reader(&mut file)?.0));
            }
            _ => {}
        }
    }
    Ok(())
}
