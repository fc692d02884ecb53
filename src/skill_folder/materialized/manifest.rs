//! The manifest of a materialized folder: what its files and folders were when their hashes were checked. As long as
//! the system says the same of them, their bytes are the same.
//!
//! A file that changes twice within the resolution of its times could look unchanged. So the manifest has the time of
//! its writing, by the clock of the same file system, and does not vouch for what changed shortly before that.

use std::fmt::Write as _;
use std::os::fd::OwnedFd;

use rustix::buffer::spare_capacity;
use rustix::fs::Stat;

use crate::model::{ContentHash, FolderPath};

/// What the system says of a file or folder. The time of its last change (`ctime`) cannot be set by programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    mode: u32,
    device: u64,
    inode: u64,
    size: i64,
    modified: Time,
    changed: Time,
}

/// Seconds and nanoseconds.
pub(super) type Time = (i64, u64);

/// Seconds: file systems with the coarsest times count in two.
const RESOLUTION: i64 = 2;

/// Seconds after which hashes are checked again, and the time of the last use is recorded.
const DAY: i64 = 24 * 60 * 60;

impl From<&Stat> for Seen {
    fn from(found: &Stat) -> Self {
        Self {
            mode: found.st_mode,
            device: found.st_dev,
            inode: found.st_ino,
            size: found.st_size,
            modified: (found.st_mtime, found.st_mtime_nsec),
            changed: (found.st_ctime, found.st_ctime_nsec),
        }
    }
}

/// A file or folder of a materialized folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path below the folder; empty for the folder itself.
    pub(super) path: String,
    /// What the system said of it before its bytes were read.
    pub(super) seen: Seen,
    /// SHA-256 of its bytes; none for a folder.
    pub(super) hash: Option<ContentHash>,
}

/// A manifest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    /// When the check of the hashes began, by the clock of the file system.
    pub(super) written: Time,
    /// Every file and folder.
    pub(super) entries: Vec<Entry>,
}

impl Manifest {
    /// Reads the manifest of a folder with this hash. `None` if it is damaged, incomplete, or of another folder.
    pub(super) fn parse(text: &str, folder_hash: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut first = lines.next()?.split(' ');
        if first.next()? != FORMAT || first.next()? != folder_hash {
            return None;
        }
        let written = time(&mut first)?;
        let count: usize = first.next()?.parse().ok()?;
        let entries = lines.by_ref().take(count).map(entry).collect::<Option<Vec<_>>>()?;
        let is_whole = entries.len() == count && lines.next() == Some(END) && lines.next().is_none();
        (is_whole && text.ends_with('\n')).then_some(Self { written, entries })
    }

    /// The text of the manifest.
    pub(super) fn text(&self, folder_hash: &str) -> String {
        let (seconds, nanoseconds) = self.written;
        let mut text = format!("{FORMAT} {folder_hash} {seconds} {nanoseconds} {}\n", self.entries.len());
        for Entry { path, seen, hash } in &self.entries {
            let Seen { mode, device, inode, size, modified, changed } = seen;
            let hash = hash.map_or_else(|| NO_HASH.to_owned(), |it| it.to_string());
            let times = format!("{} {} {} {}", modified.0, modified.1, changed.0, changed.1);
            let _ = writeln!(text, "{mode:o} {device} {inode} {size} {times} {hash} {path}"); // a String takes everything
        }
        text + END + "\n"
    }

    /// Whether something changed so shortly before the hashes were checked that a later change could look the same.
    pub(super) fn is_early(&self) -> bool {
        self.entries.iter().any(|it| (it.seen.changed.0 + RESOLUTION, it.seen.changed.1) >= self.written)
    }

    /// Whether the hashes were checked more than a day before this second.
    pub(super) fn is_old(&self, now: i64) -> bool {
        now.saturating_sub(self.written.0) >= DAY
    }
}

/// Reads a manifest from its opened file: a short one in one system call, since its end is marked.
pub(super) fn read(file: &OwnedFd, folder_hash: &str) -> Option<Manifest> {
    let mut bytes = Vec::with_capacity(FIRST_READ);
    loop {
        let before = bytes.len();
        rustix::io::retry_on_intr(|| rustix::io::read(file, spare_capacity(&mut bytes))).ok()?;
        let is_end = bytes.len() == before || bytes.len() < bytes.capacity();
        if is_end || bytes.len() > MOST_BYTES {
            return Manifest::parse(str::from_utf8(&bytes).ok()?, folder_hash);
        }
        bytes.reserve(bytes.len());
    }
}

/// Bytes: folders of a few files have less.
const FIRST_READ: usize = 4096;

/// Maximum size in bytes: far more than a manifest of the most files with the longest paths.
const MOST_BYTES: usize = 64 * 1024 * 1024;

const FORMAT: &str = "cfn-manifest-1";
const END: &str = "end";
const NO_HASH: &str = "-";

fn entry(line: &str) -> Option<Entry> {
    let mut fields = line.splitn(10, ' ');
    let mode = u32::from_str_radix(fields.next()?, 8).ok()?;
    let device = fields.next()?.parse().ok()?;
    let inode = fields.next()?.parse().ok()?;
    let size = fields.next()?.parse().ok()?;
    let (modified, changed) = (time(&mut fields)?, time(&mut fields)?);
    let hash = match fields.next()? {
        NO_HASH => None,
        text => Some(text.parse().ok()?),
    };
    let path = fields.next()?;
    if !path.is_empty() {
        path.parse::<FolderPath>().ok()?; // it stays below the folder
    }
    Some(Entry { path: path.to_owned(), seen: Seen { mode, device, inode, size, modified, changed }, hash })
}

fn time<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<Time> {
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Entry, Manifest, Seen};
    use crate::model::ContentHash;

    fn manifest() -> Manifest {
        let seen = Seen { mode: 0o100_444, device: 1, inode: 2, size: 3, modified: (-4, 5), changed: (6, 7) };
        let entry = |path: &str, hash| Entry { path: path.to_owned(), seen, hash };
        let entries = vec![entry("", None), entry("a b/ä.md", Some(ContentHash::of(b"x")))];
        Manifest { written: (9, 0), entries }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() {
        let text = manifest().text("hash");
        assert_eq!(Manifest::parse(&text, "hash"), Some(manifest()));
        assert_eq!(Manifest::parse(&text, "other"), None);
    }

    #[test]
    fn a_manifest_that_is_cut_short_anywhere_is_none() {
        let text = manifest().text("hash");
        for length in (0..text.len()).filter(|it| text.is_char_boundary(*it)) {
            assert_eq!(Manifest::parse(&text[..length], "hash"), None, "{length}");
        }
        for other in [text.clone() + "x\n", text.replace("a b/", "../"), text.replace(" 2 ", " x ")] {
            assert_eq!(Manifest::parse(&other, "hash"), None, "{other}");
        }
    }

    #[test]
    fn what_changed_within_two_seconds_of_the_check_is_hashed_again() {
        for (written, early) in [((8, 7), true), ((8, 8), false), ((7, 9), true), ((0, 0), true), ((9, 0), false)] {
            assert_eq!(Manifest { written, ..manifest() }.is_early(), early, "{written:?}");
        }
        assert!(
            !manifest().is_old(9) && !manifest().is_old(0) && !manifest().is_old(86_408) && manifest().is_old(86_409)
        );
    }
}
