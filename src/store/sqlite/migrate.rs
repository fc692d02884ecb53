//! Migrates an older database in place: in one transaction, after a backup.

use std::fs;

use rusqlite::{Connection, TransactionBehavior};

use super::failure::Place;
use super::schema::{self, CURRENT};
use super::state::{self, State};
use super::transaction::SqliteTransaction;
use super::{backup, upgrade};
use crate::clock::Clock;
use crate::store::{MigrateReport, Result, StoreError, Transaction};

/// Migrates an older database. On failure, nothing is changed and no backup is left.
pub(super) fn run(
    connection: &mut Connection,
    place: &Place,
    clock: Clock,
    fill: &mut dyn FnMut(&mut dyn Transaction) -> Result<()>,
) -> Result<MigrateReport> {
    let mut transaction = SqliteTransaction::begin(connection, place, TransactionBehavior::Immediate)?;
    let mut report = MigrateReport {
        from: None,
        to: schema::name_of(CURRENT),
        backup: None,
        added: Vec::new(),
        dropped: Vec::new(),
        carried_forward: 0,
    };
    // Another process may have migrated it while this one waited for the lock.
    let State::Older(older) = state::of(transaction.connection(), place)? else { return Ok(report) };
    report.from = Some(older.name());
    let backup = backup::beside(place, &format!("before-{}", report.to), clock)?;
    let migrated = upgrade::run(transaction.connection(), &older, clock, &mut report)
        .map_err(|error| place.fail(&error))
        .and_then(|()| fill(&mut transaction))
        .and_then(|()| transaction.commit());
    match migrated {
        Ok(()) => report.backup = Some(backup),
        Err(error @ StoreError::OutcomeUnknown { .. }) => return Err(error),
        Err(error) => {
            let _ = fs::remove_file(&backup); // nothing was changed, so there is no state before
            return Err(error);
        }
    }
    Ok(report)
}
