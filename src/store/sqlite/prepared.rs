//! Prepared statements: those that come again are kept.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

use rusqlite::{CachedStatement, Connection, Result, Statement};

/// More statements than cfn has; what comes after so many is kept.
const MOST: usize = 256;

thread_local! {
    /// Where the texts of the statements are that ran on this thread.
    static RAN: RefCell<Vec<*const u8>> = const { RefCell::new(Vec::new()) };
}

/// A statement, which the connection keeps or not.
pub(super) enum Prepared<'c> {
    Once(Statement<'c>),
    Kept(CachedStatement<'c>),
}

/// Prepares a statement. The first time, it is not kept: a short command runs nearly all of its statements once, and
/// SQLite takes the memory of one that is kept from the allocator, and not from the small pieces that it set aside.
pub(super) fn prepare<'c>(connection: &'c Connection, sql: &str) -> Result<Prepared<'c>> {
    let ran = RAN.with_borrow_mut(|ran| {
        let known = ran.contains(&sql.as_ptr()) || ran.len() >= MOST;
        if !known {
            ran.push(sql.as_ptr());
        }
        known
    });
    Ok(if ran { Prepared::Kept(connection.prepare_cached(sql)?) } else { Prepared::Once(connection.prepare(sql)?) })
}

impl<'c> Deref for Prepared<'c> {
    type Target = Statement<'c>;

    fn deref(&self) -> &Statement<'c> {
        match self {
            Self::Once(statement) => statement,
            Self::Kept(statement) => statement,
        }
    }
}

impl<'c> DerefMut for Prepared<'c> {
    fn deref_mut(&mut self) -> &mut Statement<'c> {
        match self {
            Self::Once(statement) => statement,
            Self::Kept(statement) => statement,
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, Result};

    use super::{Prepared, prepare};

    #[test]
    fn a_statement_is_kept_when_it_comes_again() -> Result<()> {
        let connection = Connection::open_in_memory()?;
        let sql = "SELECT 'no other statement has this text'";
        assert!(matches!(prepare(&connection, sql)?, Prepared::Once(_)));
        assert!(matches!(prepare(&connection, sql)?, Prepared::Kept(_)));
        Ok(())
    }
}
