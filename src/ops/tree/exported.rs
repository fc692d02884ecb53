//! Folders that `cfn export` wrote, which are no sources of skills.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use serde::Deserialize;

/// The record of an export, in the folder that was exported to.
pub(in crate::ops) const EXPORT_LOCK: &[u8] = b"cfn-export.lock";

/// Maximum size of the record.
const MOST_BYTES: u64 = 128 * 1024 * 1024;

#[derive(Deserialize)]
struct Record {
    skills: Vec<Exported>,
}

#[derive(Deserialize)]
struct Exported {
    path: String,
}

/// The paths of the skills that were exported to an opened folder, below it; none if the record cannot be read.
pub(super) fn exported(folder: &OwnedFd) -> Vec<String> {
    read(folder).map_or_else(|_| Vec::new(), |record| record.skills.into_iter().map(|it| it.path).collect())
}

fn read(folder: &OwnedFd) -> io::Result<Record> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(folder, EXPORT_LOCK, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(serde_json::from_reader(io::BufReader::new(file.take(MOST_BYTES)))?)
}
