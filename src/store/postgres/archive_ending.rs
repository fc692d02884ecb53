//! The end of an archive whose rows are all back. A mark outlives a kill between the two steps, which keep other archives out.

use super::parameters::{big, text};
use super::session::Session;
use crate::store::Result;
use crate::store::archives::{ArchivePlace, back_name};

/// Removes the record of an archive after its last row is back, unless somebody moved rows there again meanwhile.
const FORGET: &str = "WITH gone AS (DELETE FROM usage_archives WHERE id = $1
       AND NOT EXISTS (SELECT FROM usage_archive_parts WHERE archive_id = $1) RETURNING 1)
     INSERT INTO cfn_metadata (name, value) SELECT $2, '' FROM gone ON CONFLICT DO NOTHING";

pub(super) fn forget(session: &Session, id: i64, sha256: &str) -> Result<()> {
    session.change(FORGET, &[big(id), text(&back_name(sha256))]).map(drop)
}

/// Forgets the mark; returns whether it was there.
pub(super) fn unmark(session: &Session, sha256: &str) -> Result<bool> {
    let sql = "DELETE FROM cfn_metadata WHERE name = $1 RETURNING 1";
    Ok(session.first(sql, &[text(&back_name(sha256))])?.is_some())
}

/// Ends the archive if all of it is back.
pub(super) fn discard(session: &Session, from: &mut dyn ArchivePlace, sha256: &str) -> Result<()> {
    if unmark(session, sha256)? { from.discard() } else { Ok(()) }
}

/// Whether the archive is still noted. If not, somebody moved everything back, and nothing may leave.
pub(super) fn is_noted(session: &Session, archive: i64) -> Result<bool> {
    Ok(session.first("SELECT 1 FROM usage_archives WHERE id = $1", &[big(archive)])?.is_some())
}
