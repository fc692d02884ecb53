//! Removing what runs leave on purpose: logs, results and workspaces, past their time.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::error::{AgentError, Result};
use super::run_folder::{RunFolder, Runs};

/// What was removed, or would be.
#[derive(Debug, Serialize)]
pub struct Cleaned {
    /// The agents whose folders were removed.
    pub removed: Vec<String>,
    /// The containers that no run had, and that were removed.
    pub containers: Vec<String>,
    /// Whether nothing was done.
    pub dry_run: bool,
}

/// Removes the folders and own workspaces of runs that ended so long ago, and what killed commands left of making folders.
/// A workspace that was given is never removed.
pub fn clean_up(runs: &Runs, older: Duration, dry_run: bool) -> Result<Cleaned> {
    let mut removed = Vec::new();
    for folder in runs.ended().into_iter().filter(|it| is_older(&it.path().join("result.json"), older)) {
        if !dry_run {
            remove(&runs.root().join(folder.agent()))?;
            remove(folder.path())?;
        }
        removed.push(folder.agent());
    }
    for path in runs.unfinished() {
        let is_dead = RunFolder::at(path.clone()).take_lock().is_some() || is_older(&path, older);
        if is_dead && !dry_run {
            remove(&path)?;
        }
    }
    Ok(Cleaned { removed, containers: Vec::new(), dry_run })
}

/// Whether a file was written so long ago. After the clock went back, it is not.
fn is_older(path: &std::path::Path, than: Duration) -> bool {
    let written = fs::metadata(path).and_then(|it| it.modified());
    let age = written.ok().and_then(|it| SystemTime::now().duration_since(it).ok());
    age.is_some_and(|it| it >= than)
}

fn remove(path: &std::path::Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|source| AgentError::File { what: "remove", path: PathBuf::from(path), source }),
    }
}
