//! Removing what runs leave on purpose: logs, results and workspaces, past their time.

use std::collections::BTreeSet;
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
    /// The tasks of which no run is left.
    pub tasks: Vec<String>,
    /// Number of keys of these tasks that were removed from Redis; `None` without Redis.
    pub removed_keys: Option<u64>,
    /// Whether nothing was done.
    pub dry_run: bool,
}

/// The runs to remove.
#[derive(Debug)]
pub enum Past<'a> {
    /// Those that ended so long ago, and what killed commands left of making folders.
    Older(Duration),
    /// Those of these agents.
    Of(&'a [String]),
}

impl Past<'_> {
    fn has(&self, folder: &RunFolder) -> bool {
        match self {
            Self::Older(age) => is_older(&folder.path().join("result.json"), *age),
            Self::Of(agents) => agents.contains(&folder.agent()),
        }
    }
}

/// Removes the folders and own workspaces of runs that ended. A workspace that was given is never removed.
pub fn clean_up(runs: &Runs, past: &Past<'_>, dry_run: bool) -> Result<Cleaned> {
    let task_of = |it: &RunFolder| it.plan().and_then(|it| it.task_id);
    let (chosen, kept): (Vec<_>, Vec<_>) = runs.ended().into_iter().partition(|it| past.has(it));
    let kept: BTreeSet<_> = runs.open().iter().chain(&kept).filter_map(task_of).collect();
    let tasks: BTreeSet<_> = chosen.iter().filter_map(task_of).filter(|it| !kept.contains(it)).collect();
    let mut removed = Vec::new();
    for folder in chosen {
        if !dry_run {
            remove(&runs.root().join(folder.agent()))?;
            remove(folder.path())?;
        }
        removed.push(folder.agent());
    }
    if let Past::Older(age) = past {
        for path in runs.unfinished() {
            let is_dead = RunFolder::at(path.clone()).take_lock().is_some() || is_older(&path, *age);
            if is_dead && !dry_run {
                remove(&path)?;
            }
        }
    }
    Ok(Cleaned { removed, containers: Vec::new(), tasks: tasks.into_iter().collect(), removed_keys: None, dry_run })
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
