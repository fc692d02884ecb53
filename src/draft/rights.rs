//! Who may read a file that holds what another file holds: nobody who may not read that one.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

/// What a file without a source is, less what the umask takes away.
const ANYTHING: u32 = 0o666;

/// Creates a file; from its first byte on it is as open as `source` and no more. Without one, the umask decides.
pub(super) fn create(path: &Path, source: Option<&Metadata>) -> io::Result<File> {
    let Some(source) = source else { return created(path, ANYTHING) };
    let mode = source.mode() & ANYTHING;
    // Its group is not set yet, and a process that opens it now could read what is written later.
    let file = created(path, without_group(mode))?;
    // Who is not in the source's group cannot give it away; then its members are others here.
    let same_group = file.metadata()?.gid() == source.gid() || fchown(&file, None, Some(source.gid())).is_ok();
    let mode = if same_group { mode } else { without_group(mode) };
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file)
}

fn created(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)
}

/// Members of another group may do no more than what both the group and others may do.
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
