//! A full disk, whatever file it is about.

use std::io::{self, ErrorKind};

use super::kind::FailureKind;

/// The hint.
pub(super) const FREE_SPACE: &str = "Free space or raise the limit, and run the command again.";

/// What a write failed with: this kind and this hint, or a full disk.
pub(super) fn or_full(source: &io::Error, (kind, hint): (FailureKind, &'static str)) -> (FailureKind, &'static str) {
    if is_about_space(source) { (FailureKind::DiskFull, FREE_SPACE) } else { (kind, hint) }
}

/// Whether the system had no space left for a file, or a limit on its size. A file that is too large to be read is
/// another matter, and no error of the system.
fn is_about_space(error: &io::Error) -> bool {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => true,
        ErrorKind::FileTooLarge => error.raw_os_error().is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{FREE_SPACE, FailureKind, or_full};

    #[test]
    fn only_a_write_without_space_is_about_the_disk() {
        let other = (FailureKind::FileFailed, "hint");
        let of = |errno: rustix::io::Errno| or_full(&errno.into(), other);
        for errno in [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT, rustix::io::Errno::FBIG] {
            assert_eq!(of(errno), (FailureKind::DiskFull, FREE_SPACE), "{errno}");
        }
        assert_eq!(of(rustix::io::Errno::ACCESS), other);
        let too_large = io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 5 bytes");
        assert_eq!(or_full(&too_large, other), other);
    }
}
