//! What says that rows are out of the log.

use rusqlite::{Connection, Result};

use crate::store::sqlite::rows::change;
use crate::store::sqlite::sums::{sums_of_sums, totals_of_days};

const REDO_TOTALS: &str =
    concat!("INSERT INTO usage_totals ", totals_of_days!("1", "usage_daily WHERE archive_id > 0"));

/// The sums of all archives without their days.
pub(super) fn redo_totals(connection: &Connection) -> Result<()> {
    change(connection, "DELETE FROM usage_totals WHERE archived", [])?;
    change(connection, REDO_TOTALS, []).map(drop)
}

/// Whether a part is out.
pub(super) fn is_out(connection: &Connection, archive: i64, part: i64) -> Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM usage_archive_parts WHERE archive_id = ?1 AND part = ?2")?
        .exists([archive, part])
}

/// Fails if somebody moved everything back since the archive was noted: then nothing may leave.
pub(super) fn require_record(connection: &Connection, archive: i64) -> Result<()> {
    connection.query_row("SELECT 1 FROM usage_archives WHERE id = ?1", [archive], |_| Ok(()))
}

/// The database's id, in hex.
pub(super) fn identity(connection: &Connection) -> Result<String> {
    connection.query_row("SELECT hex(value) FROM cfn_metadata WHERE name = 'database_id'", [], |row| row.get(0))
}
