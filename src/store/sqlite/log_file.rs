//! Reads a write-ahead log without SQLite and without other files.
//!
//! The format is described in SQLite's "Database File Format", "The Write-Ahead Log": a header of 32 bytes, then
//! frames, each with a header of 24 bytes and a page. A running checksum covers the header and all frames; a frame that
//! ends a commit has the number of pages of the database.

use std::io::{self, BufReader, ErrorKind, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::regular_file;

/// Whether a log holds a commit, which is missing in the database file alone.
pub(super) fn holds_a_commit(path: &Path) -> io::Result<bool> {
    match regular_file::open(path) {
        Ok(file) => scan(&mut BufReader::with_capacity(1 << 16, file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn scan(log: &mut impl Read) -> io::Result<bool> {
    let mut header = [0; 32];
    if !filled(log, &mut header)? {
        return Ok(false);
    }
    let (magic, page_size) = (number(&header, 0), number(&header, 8));
    if magic | 1 != 0x377F_0683 || !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) {
        return Ok(false);
    }
    let mut sum = Checksum { big_endian: magic & 1 == 1, sums: [0, 0] };
    sum.add(&header[..24]);
    if !sum.is(&header[24..]) {
        return Ok(false);
    }
    let (mut frame, mut page) = ([0; 24], vec![0; page_size as usize]);
    while filled(log, &mut frame)? && filled(log, &mut page)? {
        sum.add(&frame[..8]);
        sum.add(&page);
        if frame[8..16] != header[16..24] || !sum.is(&frame[16..]) || number(&frame, 0) == 0 {
            return Ok(false);
        }
        if number(&frame, 4) != 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Number of pages that were written since the log was last begun anew, and of the commits that wrote them. The checksums
/// are not compared: this is for figures only.
pub(super) fn contents(path: &Path) -> io::Result<(u64, u64)> {
    let file = regular_file::open(path)?;
    let mut header = [0; 32];
    file.read_exact_at(&mut header, 0)?;
    let frame = 24 + u64::from(number(&header, 8));
    let (mut pages, mut commits, mut bytes) = (0, 0, [0; 24]);
    while pages < MOST_FRAMES && file.read_exact_at(&mut bytes, 32 + pages * frame).is_ok() {
        if bytes[8..16] != header[16..24] {
            break; // of an earlier round
        }
        pages += 1;
        commits += u64::from(number(&bytes, 4) != 0);
    }
    Ok((pages, commits))
}

/// Maximum number of frames to count: a log of 80 MiB.
const MOST_FRAMES: u64 = 20_000;

/// Returns false if the log ends earlier.
fn filled(log: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Numbers in headers are big-endian.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |it| u32::from_be_bytes(*it))
}

/// The running checksum. The magic number gives the byte order.
struct Checksum {
    big_endian: bool,
    sums: [u32; 2],
}

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let read = if self.big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
        for pair in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
            self.sums[0] = self.sums[0].wrapping_add(read(pair[0])).wrapping_add(self.sums[1]);
            self.sums[1] = self.sums[1].wrapping_add(read(pair[1])).wrapping_add(self.sums[0]);
        }
    }

    fn is(&self, stored: &[u8]) -> bool {
        self.sums == [number(stored, 0), number(stored, 4)]
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::Connection;

    use super::{holds_a_commit, scan};

    /// A log with the commits of a table and two rows, and where the first of them ends.
    fn log() -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.db");
        let connection = Connection::open(&path)?;
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        connection.execute_batch("CREATE TABLE a (b); INSERT INTO a VALUES (1); INSERT INTO a VALUES (2);")?;
        let log = folder.path().join("a.db-wal");
        assert!(holds_a_commit(&log)?);
        assert!(!holds_a_commit(&folder.path().join("missing"))?);
        Ok(fs::read(log)?)
    }

    #[test]
    fn a_log_holds_a_commit_when_its_first_is_whole() -> Result<(), Box<dyn std::error::Error>> {
        let log = log()?;
        let first = (0..log.len()).find(|&end| scan(&mut &log[..end]).is_ok_and(|it| it));
        let frame = 24 + 4096;
        assert_eq!(first, Some(32 + 2 * frame), "the table takes two pages");
        for place in [0, 9, 17, 26, 32, 40, 50, 56, 4000, 32 + frame + 1, 32 + 2 * frame - 1] {
            let mut damaged = log.clone();
            damaged[place] ^= 1;
            assert!(!scan(&mut damaged.as_slice())?, "byte {place}");
        }
        Ok(())
    }

    #[test]
    fn anything_else_holds_none() -> std::io::Result<()> {
        for bytes in [&b""[..], b"short", &[0; 32], &[0xA5; 32], &[0; 10_000], &[0xFF; 10_000]] {
            assert!(!scan(&mut &*bytes)?);
        }
        Ok(())
    }
}
