//! What a transaction has ahead of its calls: writes that wait to be sent, and rows that were read before they are asked for.

use std::cell::{Cell, RefCell};

use tokio_postgres::Row;

use super::parameters::Parameter;
use super::statement::Statement;

/// At most so many writes wait to be sent, and about so many bytes.
const MOST_WRITES: usize = 100;
const MOST_BYTES: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Ahead {
    writes: RefCell<Vec<Statement>>,
    read: RefCell<Vec<(Statement, Vec<Row>)>>,
    written: Cell<bool>,
}

impl Ahead {
    /// For another transaction.
    pub(super) fn clear(&self) {
        self.writes.take();
        self.read.take();
        self.written.set(false);
    }

    /// Keeps the rows of a query for the next time that it is asked, unless something is written before.
    pub(super) fn remember(&self, query: Statement, rows: Vec<Row>) {
        self.read.borrow_mut().push((query, rows));
    }

    /// The rows of a query, if they were kept.
    pub(super) fn take_rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Option<Vec<Row>> {
        let mut read = self.read.borrow_mut();
        let at = read.iter().position(|it| it.0.is(sql, parameters))?;
        Some(read.swap_remove(at).1)
    }

    /// Forgets the rows that were kept, before a write.
    pub(super) fn forget(&self) {
        self.read.take();
        self.written.set(true);
    }

    /// Whether the transaction has written something.
    pub(super) fn has_written(&self) -> bool {
        self.written.get()
    }

    /// Keeps a write; returns whether it is time to send those that wait.
    pub(super) fn write(&self, statement: Statement) -> bool {
        self.forget();
        let mut writes = self.writes.borrow_mut();
        writes.push(statement);
        writes.len() >= MOST_WRITES || writes.iter().map(Statement::size).sum::<usize>() >= MOST_BYTES
    }

    pub(super) fn has_writes(&self) -> bool {
        !self.writes.borrow().is_empty()
    }

    pub(super) fn take_writes(&self) -> Vec<Statement> {
        self.writes.take()
    }
}
