//! Permissions of a file made from another one: never wider than those of its source.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// Permissions without a source, before the umask.
const ANYTHING: u32 = 0o666;

/// Creates a file that never has wider permissions than `source`. Without a source, the umask applies.
pub(super) fn create(path: &Path, source: Option<&Metadata>) -> io::Result<File> {
    let Some(source) = source else { return created(path, ANYTHING) };
    let mode = source.mode() & ANYTHING;
    // Its group is not set yet, and a process that opens the file now could read it later.
    let file = created(path, without_group(mode))?;
    // Only members of the source's group can set it; otherwise its members count as others.
    let same_group = file.metadata()?.gid() == source.gid() || fchown(&file, None, Some(source.gid())).is_ok();
    let mode = if same_group { mode } else { without_group(mode) };
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file)
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
