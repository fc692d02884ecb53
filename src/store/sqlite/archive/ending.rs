//! The end of an archive whose rows are all back. A mark outlives a kill between the two steps.

use rusqlite::{Connection, Result, TransactionBehavior};

use crate::store::archives::{ArchivePlace, back_name};
use crate::store::sqlite::failure::Place;
use crate::store::sqlite::rows::change;

/// Removes the record of an archive after its last row is back.
const FORGET: &str = "DELETE FROM usage_archives WHERE id = ?1
     AND NOT EXISTS (SELECT 1 FROM usage_archive_parts WHERE archive_id = ?1)";

/// Removes the record, unless somebody moved rows there again meanwhile.
pub(super) fn forget(connection: &mut Connection, id: i64, sha256: &str) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if change(&transaction, FORGET, [id])? > 0 {
        change(
            &transaction,
            "INSERT OR REPLACE INTO cfn_metadata (name, value) VALUES (?1, x'')",
            [back_name(sha256)],
        )?;
    }
    transaction.commit()
}

/// Ends the archive if all of it is back. Others write when that is done: nobody moves rows there meanwhile.
pub(super) fn discard(
    connection: &mut Connection,
    place: &Place,
    from: &mut dyn ArchivePlace,
    sha256: &str,
) -> crate::store::Result<()> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(|error| place.fail(&error))?;
    let is_back = change(&transaction, "DELETE FROM cfn_metadata WHERE name = ?1", [back_name(sha256)]);
    if is_back.map_err(|error| place.fail(&error))? > 0 {
        from.discard()?;
    }
    transaction.commit().map_err(|error| place.fail_commit(&error))
}
