//! A fresh database, and the adoption of an older one in place.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::failure::{Place, file_error};
use super::open::{self, Options};
use super::schema::{self, CURRENT, State};
use super::transaction::SqliteTransaction;
use super::{adopt, backup, rollups};
use crate::clock::Clock;
use crate::draft::Draft;
use crate::store::{MigrateReport, Result, StoreError, Transaction};

/// A fresh database: built under another name and renamed, so that a killed process leaves no half of one.
pub(super) fn create(path: &Path, options: &Options, clock: Clock) -> Result<bool> {
    let exists = fs::symlink_metadata(path).is_ok();
    if !exists {
        backup::folder_of(path)?;
    }
    let draft = Draft::of(path); // also where the database exists: it sweeps
    if exists {
        return Ok(false);
    }
    build(&draft, options, clock)?;
    draft.publish().map_err(|source| file_error("could not create", path, source))
}

fn build(draft: &Draft, options: &Options, clock: Clock) -> Result<()> {
    let (mut connection, place) = open::create(draft.path(), options)?;
    let say = |error: rusqlite::Error| place.fail(&error);
    backup::unsynced(&connection).map_err(say)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(say)?;
    schema::run_all(&transaction).map_err(say)?;
    schema::note_versions(&transaction, clock).map_err(say)?;
    rollups::trust(&transaction).map_err(say)?;
    transaction.commit().map_err(say)?;
    open::settle_journal_mode(&connection, &place)?;
    connection.close().map_err(|(_, error)| place.fail(&error))?;
    backup::sync(draft)
}

/// Brings an older database to this schema, in one transaction, after a backup.
pub(super) fn adopt(
    connection: &mut Connection,
    place: &Place,
    clock: Clock,
    fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>,
) -> Result<MigrateReport> {
    let mut transaction = SqliteTransaction::begin(connection, place, TransactionBehavior::Immediate)?;
    // Another process may have been faster while this one waited for the lock.
    let from = match schema::state(transaction.connection(), place)? {
        State::Current => None,
        State::Older { version } => Some(version),
    };
    let mut report = MigrateReport {
        from,
        to: schema::name_of(CURRENT),
        backup: None,
        added: Vec::new(),
        dropped: Vec::new(),
        carried_forward: 0,
    };
    if report.from.is_none() {
        return Ok(report);
    }
    let backup = backup::beside(place, &format!("before-{}", report.to), clock)?;
    let adopted = adopt::complete(transaction.connection(), &mut report)
        .and_then(|()| schema::note_versions(transaction.connection(), clock))
        .map_err(|error| place.fail(&error))
        .and_then(|()| fill(&mut transaction))
        .and_then(|()| Box::new(transaction).commit());
    match adopted {
        Ok(()) => report.backup = Some(backup),
        Err(error @ StoreError::OutcomeUnknown { .. }) => return Err(error),
        Err(error) => {
            let _ = fs::remove_file(&backup); // nothing was changed, so there is no state before
            return Err(error);
        }
    }
    Ok(report)
}
