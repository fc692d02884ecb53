//! Permissions of a file made from another one: never wider than those of its source.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// Permissions without a source, before the umask.
const ANYTHING: u32 = 0o666;

const OWNER_WRITES: u32 = 0o200;

/// Creates a file that only this user may read and write.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    created(path, 0o600)
}

/// Creates a file with the permissions that the umask leaves.
pub(super) fn create_usual(path: &Path) -> io::Result<File> {
    created(path, ANYTHING)
}

/// Creates a file that never has wider permissions than `source`.
pub fn create(path: &Path, source: &Metadata) -> io::Result<File> {
    // Its group is not set yet, and a process that opens the file now could read it later.
    let file = created(path, without_group(source.mode() & ANYTHING))?;
    if file.metadata()?.gid() != source.gid() {
        // Only members of the source's group can set it; otherwise its members count as others.
        let _ = fchown(&file, None, Some(source.gid()));
    }
    file.set_permissions(Permissions::from_mode(allowed(&file.metadata()?, source)))?;
    Ok(file)
}

/// The permissions that `source` allows a file of its content.
#[must_use]
pub fn allowed(file: &Metadata, source: &Metadata) -> u32 {
    let mode = source.mode() & ANYTHING;
    if file.gid() == source.gid() { mode } else { without_group(mode) }
}

/// Lets the owner of a file write to it; returns its permissions before, if the owner might not.
pub(super) fn let_owner_write(file: &File) -> io::Result<Option<u32>> {
    let mode = file.metadata()?.mode() & 0o777;
    if mode & OWNER_WRITES != 0 {
        return Ok(None);
    }
    file.set_permissions(Permissions::from_mode(mode | OWNER_WRITES))?;
    Ok(Some(mode))
}

/// Sets the permissions of a file.
pub(super) fn set(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn created(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)
}

/// Gives another group only the permissions that both the group and others had.
fn without_group(mode: u32) -> u32 {
    let (group, others) = (mode >> 3 & 0o7, mode & 0o7);
    mode & !0o070 | (group & others) << 3
}

#[cfg(test)]
mod tests {
    use super::without_group;

    #[test]
    fn another_group_gets_what_everybody_gets() {
        let modes = [(0o600, 0o600), (0o640, 0o600), (0o644, 0o644), (0o664, 0o644), (0o604, 0o604), (0o666, 0o666)];
        for (mode, expected) in modes {
            assert_eq!(without_group(mode), expected, "{mode:o}");
        }
    }
}
