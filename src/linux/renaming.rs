//! Renaming that replaces nothing, by `renameat2` (Linux 3.15).
//!
//! A port: macOS has `renamex_np`; elsewhere a folder only replaces an empty one, which is checked before.

use std::io;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

/// Renames a file or folder; `AlreadyExists` if the new name is taken, whatever has it.
pub fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}
