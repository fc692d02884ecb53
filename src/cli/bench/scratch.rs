//! A folder that is there while something is measured.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cli::failure::Failure;

/// A folder of its own below the folder for temporary files; gone when dropped.
pub(super) struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    pub(super) fn new() -> Result<Self, Failure> {
        let folder = env::temp_dir().join(format!("cfn-bench-{}", std::process::id()));
        fs::create_dir(&folder).map_err(|error| {
            let message = format!("could not create the folder {}: {error}", folder.display());
            Failure::new(2, "file_failed", message, "Check the folder and its space; TMPDIR names another.")
        })?;
        Ok(Self { folder })
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Where a database goes.
    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("skills.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // what is left is in the folder for temporary files
    }
}

/// Set by Ctrl-C: what was measured so far is reported.
pub(super) fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The second one kills, should the first not be enough.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::internal(&error.to_string()))?;
    }
    Ok(stop)
}

/// This very program.
pub(super) fn own_program() -> Result<PathBuf, Failure> {
    env::current_exe().map_err(|error| Failure::internal(&format!("this program does not know where it is: {error}")))
}

/// A program on the PATH.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
