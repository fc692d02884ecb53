//! Makes missing and changed objects of the schema anew.

use rusqlite::{Connection, Result, Transaction, TransactionBehavior};

use super::foreign::{self, named};
use super::layout::quoted;
use super::revisions::RENEW;
use super::{rollups, schema};

/// Makes them as in a new database; a sentence about each. Objects of others stay, and so do tables.
pub(super) fn complete(connection: &Connection) -> Result<Vec<String>> {
    let fresh = schema::at(schema::CURRENT)?;
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let found = foreign::compare(&transaction, &fresh)?;
    if found.missing.is_empty() && found.changed.is_empty() {
        return Ok(Vec::new());
    }
    let trusted = rollups::trusted(&transaction)?;
    let mut done = Vec::new();
    for object in found.changed.iter().chain(&found.missing) {
        let name = quoted(&object.name);
        transaction.execute_batch(&format!("DROP {} IF EXISTS {name};\n{}", object.kind, object.sql))?;
        done.push(format!("{} is as in a new database again", named(object)));
    }
    if found.changed.iter().chain(&found.missing).any(|it| it.kind == "trigger") {
        // What was written without the trigger is not in the tokens, and may not be in the sums.
        transaction.execute_batch(RENEW)?;
        rollups::forget(&transaction)?;
    } else if trusted {
        rollups::trust(&transaction)?;
    }
    transaction.commit()?;
    Ok(done)
}
