//! A group that was made, whatever the version.

use std::fs;
use std::path::PathBuf;

/// The folders of a group, and the limits that could not be set.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The group in each hierarchy; the first knows all processes.
    pub(super) folders: Vec<PathBuf>,
    pub(super) unlimited: Vec<&'static str>,
}

impl Made {
    /// Takes a folder whose limits were set, or removes it and notes that they were not.
    pub(super) fn take(&mut self, limit: &'static str, folder: Option<PathBuf>, limited: bool) {
        if limited {
            self.folders.extend(folder);
        } else {
            self.unlimited.push(limit);
            folder.map(fs::remove_dir);
        }
    }
}
