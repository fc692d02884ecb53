//! Which file systems are somewhere else, by `statfs`.
//!
//! A port: macOS and the BSDs name the file system in `f_fstypename` instead of giving it a number. Where nothing says it, a database
//! on a network share must not use write-ahead logging, and the user has to know.

use std::path::Path;

/// The name of the network file system of a path, if any (magic numbers: statfs(2)).
#[must_use]
pub fn network_file_system(path: &Path) -> Option<&'static str> {
    match rustix::fs::statfs(path).ok()?.f_type {
        0x6969 => Some("NFS"),
        0xFF53_4D42 | 0xFE53_4D42 | 0x517B => Some("CIFS"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE or virtiofs"),
        _ => None,
    }
}
