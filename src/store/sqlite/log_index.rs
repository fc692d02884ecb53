//! Reads the index of a write-ahead log, which the processes that have the database open share.
//!
//! Its format is described in SQLite's "WAL-mode File Format": after two copies of a header of 48 bytes there are five read
//! marks. A reader locks the byte of its mark; the mark is the number of frames that it sees.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

use crate::regular_file;

/// Where the header has the number of valid frames.
const FRAMES: usize = 16;

/// Where the read marks are.
const MARKS: usize = 100;

/// The byte that a reader of the first mark locks.
const FIRST_LOCK: u64 = 123;

/// The processes that read an earlier state than the latest.
pub(super) fn pinned_by(index: &Path) -> Vec<u32> {
    regular_file::open(index).ok().and_then(|it| readers(&it)).unwrap_or_default()
}

fn readers(index: &File) -> Option<Vec<u32>> {
    let mut bytes = [0; 136];
    index.read_exact_at(&mut bytes, 0).ok()?;
    // Numbers are in the byte order of the machine.
    let number = |at: usize| bytes[at..].first_chunk().map_or(0, |it| u32::from_ne_bytes(*it));
    let frames = number(FRAMES);
    let mut found = Vec::new();
    for (mark, lock) in (0..5).zip(FIRST_LOCK..) {
        let sees = number(MARKS + 4 * mark);
        // The first mark stands for the database file alone.
        if frames > 0 && (mark == 0 || sees < frames) {
            found.extend(holder(index, lock));
        }
    }
    found.dedup();
    Some(found)
}

/// The process that has locked this byte.
fn holder(index: &File, byte: u64) -> Option<u32> {
    let lock =
        Flock { start: byte, length: 1, pid: None, typ: FlockType::WriteLock, offset_type: FlockOffsetType::Set };
    let found = fcntl_getlk(index, &lock).ok()??;
    u32::try_from(found.pid?.as_raw_nonzero().get()).ok()
}
