//! Reading a log of a run as it grows.

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::agents::{RunFolder, log_before};
use crate::cli::failure::Failure;
use crate::regular_file;

/// A log that may grow, and may be begun anew.
pub(super) struct Stream {
    path: PathBuf,
    /// The one to read last is the first.
    files: Vec<File>,
}

impl Stream {
    pub(super) fn of(folder: &RunFolder, stream: &str) -> Self {
        let path = folder.log(stream);
        let files = [open(&path), open(&log_before(&path))];
        Self { files: files.into_iter().flatten().collect(), path }
    }

    /// What comes next; empty if there is nothing yet.
    pub(super) fn next(&mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(file) = self.files.last_mut() {
            file.take(1 << 20).read_to_end(&mut bytes).map_err(|error| Failure::output(&error))?;
            if !bytes.is_empty() {
                break;
            }
            if self.files.len() == 1 {
                match self.begun_anew() {
                    Some(next) => self.files.insert(0, next),
                    None => break,
                }
            }
            self.files.pop();
        }
        Ok(bytes)
    }

    /// The log that took the place of the one that was read to its end.
    fn begun_anew(&self) -> Option<File> {
        let next = open(&self.path)?;
        let number = |it: &File| it.metadata().ok().map(|it| it.ino());
        (number(&next) != number(self.files.first()?)).then_some(next)
    }
}

fn open(log: &Path) -> Option<File> {
    regular_file::open_beside(log, OpenOptions::new().read(true)).ok()
}
