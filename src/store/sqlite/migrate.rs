//! The adoption of an older database in place.

use std::fs;

use rusqlite::{Connection, TransactionBehavior};

use super::failure::Place;
use super::schema::{self, CURRENT, State};
use super::transaction::SqliteTransaction;
use super::{adopt, backup};
use crate::clock::Clock;
use crate::store::{MigrateReport, Result, StoreError, Transaction};

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
