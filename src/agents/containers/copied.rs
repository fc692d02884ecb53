//! The workspace of a container on another machine, which can mount none of this one: it goes in before the start, and comes
//! back after the end.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::engine::{Engine, EngineError};
use crate::agents::container_plan::INSIDE;
use crate::model::RunReason;

/// Copies a folder, with its owners and modes, to the workspace of a container that was not started yet.
pub(super) fn copy_in(engine: &Engine, container: &str, workspace: &Path) -> Result<(), EngineError> {
    let packed = packed(workspace).map_err(|error| EngineError::NotRun(engine.program, error))?;
    engine.send(&["cp", "-", &format!("{container}:/")], packed)
}

fn packed(workspace: &Path) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive.follow_symlinks(false);
    archive.sparse(false); // not every engine knows files with holes
    archive.append_dir_all(INSIDE.trim_start_matches('/'), workspace)?;
    archive.into_inner()
}

/// Copies what a container that has ended has in its workspace over a folder. Somebody waits for the end of a run that was
/// stopped: it takes less time.
pub(super) fn copy_out(
    engine: &Engine,
    container: &str,
    workspace: &Path,
    reason: RunReason,
) -> Result<(), EngineError> {
    let from = OsString::from(format!("{container}:{INSIDE}/."));
    let copy = [OsStr::new("cp"), &from, workspace.as_os_str()];
    let said = if reason == RunReason::Stopped { engine.ask(&copy) } else { engine.tell(&copy, &[]) };
    said.map(drop)
}
