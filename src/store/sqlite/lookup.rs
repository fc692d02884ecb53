//! How a file is opened for a few rows where the index of its write-ahead log, `-shm`, is there already: that is only read.
//!
//! Opened the plain way by the first process, the index is cut off and written anew, which was a thirtieth of a load. With
//! `readonly_shm`, SQLite makes the index in memory where nobody else has the database open, and reads that of the others where
//! somebody has. Now and then neither can be, see [`gives_way`]; the plain way then puts the index right by itself.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rusqlite::{Connection, DropBehavior, ErrorCode, OpenFlags, ffi};

use super::beside::with_suffix;
use super::failure::Place;
use super::open::{self, Options};
use super::schema;
use crate::store::Result;

/// Opens the file where it can be read so, and has a schema of ours; otherwise the plain way does, or says why not.
pub(super) fn open(path: &Path, options: &Options) -> Result<Option<(Connection, Place)>> {
    let index = fs::symlink_metadata(with_suffix(path, "-shm"));
    let journal = || fs::symlink_metadata(with_suffix(path, "-journal")).is_ok();
    if options.long_lived || !index.is_ok_and(|it| it.is_file()) || journal() {
        return Ok(None);
    }
    open::require_regular_file(path)?;
    let place = Place::new(path, options.busy_timeout);
    match connect(&place) {
        Ok((connection, number)) => Ok(schema::is_ours(number).then_some((connection, place))),
        Err(error) if gives_way(&error) => Ok(None),
        Err(error) => Err(place.fail(&error)),
    }
}

/// Also the number of the schema, which is the first thing that is read.
fn connect(place: &Place) -> rusqlite::Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(uri(&place.path), flags)?;
    open::configure(&mut connection, place, open::LOOKUP)?;
    let number = schema::version(&connection)?;
    Ok((connection, number))
}

/// Begins a read and leaves it open. `BEGIN` alone reads nothing; a transaction that has read keeps its snapshot, whatever others
/// do to the index afterwards.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    let mut transaction = connection.unchecked_transaction()?;
    schema::version(&transaction)?;
    transaction.set_drop_behavior(DropBehavior::Ignore);
    Ok(())
}

/// Whether the file has to be opened the plain way: the index went away with the last writer (`CANTOPEN`), another process has
/// begun a new one or died over it (`READONLY_RECOVERY` and the like), or the log was cut off while it was read (`SHORT_READ`).
pub(super) fn gives_way(error: &rusqlite::Error) -> bool {
    let gives_way = error.sqlite_error().is_some_and(|it| {
        matches!(it.code, ErrorCode::CannotOpen | ErrorCode::ReadOnly)
            || it.extended_code == ffi::SQLITE_IOERR_SHORT_READ
    });
    if gives_way {
        tracing::debug!(%error, "the index of the log cannot be read only");
    }
    gives_way
}

/// A path may hold any byte, and two slashes at its beginning would be a server: all but letters and digits is escaped.
fn uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}"); // into a string, it cannot fail
        }
    }
    uri + "?readonly_shm=1"
}
