//! Reads and hashes the files of a folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::files::{OtherFile, Others, Reading};
use super::links::resolve;
use super::opened::{Identity, open_file};
use super::problem::FolderProblem;
use super::walk::entries;
use crate::model::{ContentHash, FileMode, FolderFile, FolderPath};

/// Reads the files of a folder besides its skill file, and appends their bytes to `to`; on an error, nothing. If they
/// are more than to be kept, they are only hashed.
pub(in crate::ops) fn read_others(reading: &Reading<'_>, to: &mut Vec<u8>) -> Result<Others, FolderProblem> {
    let start = to.len();
    let mut reader = Reader {
        reading,
        start,
        total: reading.skill.size,
        is_kept: true,
        known: HashMap::new(),
        of_database: Vec::new(),
    };
    let outcome = reader.all(to);
    if outcome.is_err() || !reader.is_kept {
        to.truncate(start);
    }
    outcome
}

struct Reader<'a> {
    reading: &'a Reading<'a>,
    /// Where the kept bytes start.
    start: usize,
    /// The number of bytes read.
    total: u64,
    is_kept: bool,
    /// The files read.
    known: HashMap<Identity, OtherFile>,
    /// Other names of the database.
    of_database: Vec<String>,
}

impl Reader<'_> {
    fn all(&mut self, to: &mut Vec<u8>) -> Result<Others, FolderProblem> {
        let found = entries(self.reading.folder, &self.reading.scope)?;
        let mut files = Vec::with_capacity(found.files.len());
        for path in &found.files {
            files.extend(self.file(path, to)?);
        }
        if !found.links.is_empty() {
            resolve(self.reading, &found, &self.known, &mut files)?;
        }
        if !self.is_kept {
            for it in &mut files {
                it.bytes = None;
            }
        }
        let mut of_database = found.of_database;
        of_database.append(&mut self.of_database);
        Ok(Others { files, is_kept: self.is_kept, of_database })
    }

    /// Reads a file; `None` if it is gone.
    fn file(&mut self, path: &FolderPath, to: &mut Vec<u8>) -> Result<Option<OtherFile>, FolderProblem> {
        let io = || FolderProblem::io(path.as_str());
        let file = match open_file(self.reading.folder, path.as_str()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(io())?,
        };
        let stat = file.metadata().map_err(io())?;
        if !stat.is_file() {
            return Err(FolderProblem::entry(path.as_str(), "it is not a regular file"));
        }
        if self.reading.scope.database.is_some_and(|it| it.is_database((stat.dev(), stat.ino()))) {
            self.of_database.push(path.to_string());
            return Ok(None);
        }
        self.forget_if_larger(stat.len(), to);
        let room = self.reading.scope.limits.bytes.saturating_sub(self.total);
        let before = to.len();
        let (hash, size) = if self.is_kept {
            keep(file, stat.len(), room, to).map_err(io())?;
            (ContentHash::of(&to[before..]), (to.len() - before) as u64)
        } else {
            ContentHash::of_reader(file.take(room.saturating_add(1))).map_err(io())?
        };
        if size > room {
            return Err(FolderProblem::Bytes(self.reading.scope.limits.bytes));
        }
        self.total += size;
        let bytes = self.is_kept.then_some(before..to.len());
        let file = FolderFile { path: path.clone(), mode: FileMode::of(stat.permissions().mode()), hash, size };
        let other = OtherFile { file, bytes };
        self.known.insert((stat.dev(), stat.ino()), other.clone());
        Ok(Some(other))
    }

    fn forget_if_larger(&mut self, size: u64, to: &mut Vec<u8>) {
        let kept = (to.len() - self.start) as u64;
        if self.is_kept && kept.saturating_add(size) > self.reading.most_kept as u64 {
            self.is_kept = false;
            to.truncate(self.start);
        }
    }
}

/// Appends the bytes of a file, at most one more than there is room for: it may grow while it is read.
fn keep(file: File, size: u64, room: u64, to: &mut Vec<u8>) -> io::Result<()> {
    let most = room.saturating_add(1);
    to.reserve(usize::try_from(size.min(most)).unwrap_or(0).saturating_add(1));
    file.take(most).read_to_end(to).map(drop)
}
