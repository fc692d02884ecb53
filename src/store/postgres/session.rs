//! One connection, used synchronously: statements, and the beginning and end of transactions.

mod committing;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join;
use futures_util::{StreamExt, pin_mut};
use tokio_postgres::{Client, Row};

pub(super) use self::committing::CHANNEL;
use super::ahead::Ahead;
use super::beginning::{Answers, Beginning, Opened, Opening, is_hidden, open};
use super::failure::{Conflict, Place};
use super::fields::Fields;
use super::parameters::{Parameter, borrowed};
use super::position_file::{Look, PositionFile};
use super::schema_number::require;
use super::statement::{Statement, all};
use crate::postgres::{CallError, ClientResult, Connection, Refusal, ends_the_connection, sentence};
use crate::settings::PostgresServer;
use crate::store::{Durability, Result, StoreError};

/// After so many times the time limit of connecting without an answer, and the longest wait for a lock, the server is asked
/// whether it still answers anybody.
const SILENCE: u32 = 6;

/// A connection to the database.
pub(super) struct Session {
    connection: Connection,
    place: Place,
    schema: String,
    /// How long a statement may be silent before the server is asked whether it still answers.
    silence: Duration,
    /// How to begin the transaction whose first statement comes next.
    beginning: Cell<Option<Beginning>>,
    /// The names of the skills that the transaction which begins is about; `None` for everything.
    claimed: RefCell<Option<Vec<String>>>,
    pub(super) ahead: Ahead,
    /// Why the running transaction failed, if another one is the cause.
    conflict: Cell<Option<Conflict>>,
    /// Whether a statement of the running transaction failed.
    failed: Cell<bool>,
    /// Whether the transaction records a decision, of which followers are notified.
    decides: Cell<bool>,
    /// Whether the transaction has ended, or none has begun.
    over: Cell<bool>,
    /// Whether the database is known to have the schema that this cfn needs.
    checked: Cell<bool>,
    /// The file that keeps which writes of this user a replica must have.
    positions: Option<PositionFile>,
    /// What is noted there when the connection ends.
    noting: RefCell<Option<Look>>,
}

impl Session {
    pub(super) fn open(server: &PostgresServer, place: Place) -> Result<Self> {
        let silence = place.lock_timeout.saturating_add(server.connect_timeout.saturating_mul(SILENCE));
        let connection = Connection::open(server).map_err(|error| place.not_connected(error))?;
        let (beginning, claimed, conflict) = (Cell::new(None), RefCell::new(None), Cell::new(None));
        let (failed, checked, over) = (Cell::new(false), Cell::new(false), Cell::new(true));
        Ok(Self {
            connection,
            place,
            schema: server.schema.clone(),
            silence,
            beginning,
            claimed,
            ahead: Ahead::default(),
            conflict,
            failed,
            decides: Cell::new(false),
            over,
            checked,
            positions: server.position_file.as_deref().map(PositionFile::at),
            noting: RefCell::new(None),
        })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether the connection is known to be lost.
    pub(super) fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Begins a transaction together with its first statement, so that beginning costs no round trip.
    pub(super) fn begin(&self, beginning: Beginning) {
        self.beginning.set(Some(beginning));
        self.decides.set(matches!(beginning, Beginning::Write(Durability::Full)));
        self.claimed.take();
        self.ahead.clear();
        self.conflict.set(None);
        self.failed.set(false);
        self.over.set(false);
    }

    /// Says which skills the transaction that is about to begin is about.
    pub(super) fn claim(&self, names: Vec<String>) -> Result<()> {
        let Some(beginning) = self.beginning.take() else {
            return Err(StoreError::Defect("a transaction claimed something after it had read or written"));
        };
        self.beginning.set(Some(beginning));
        self.claimed.replace(Some(names));
        Ok(())
    }

    /// The same for a database that need not have the schema of this cfn.
    pub(super) fn begin_unchecked(&self, beginning: Beginning) {
        self.checked.set(true);
        self.begin(beginning);
    }

    /// Whether a statement of the transaction failed, so that it cannot be committed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// Notes that another transaction was faster, so that this one runs again.
    pub(super) fn lost_a_race(&self) -> StoreError {
        self.conflict.set(Some(Conflict::Changed));
        StoreError::Conflict { location: self.place.location(), attempts: 1 }
    }

    /// An added row did not come back.
    pub(super) fn skipped(&self, table: &str) -> StoreError {
        self.conflict.set(Some(Conflict::Skipped));
        self.place.skipped(table)
    }

    /// Why the transaction failed, if another one is the cause.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        self.conflict.get()
    }

    /// Sends what waits to be sent.
    pub(super) fn flush(&self) -> Result<()> {
        if self.ahead.has_writes() { self.call(async |_| Ok(())) } else { Ok(()) }
    }

    /// Undoes the transaction, without waiting for the answer; if nobody hears it, with the connection.
    pub(super) fn undo(&self) {
        self.ahead.clear();
        if self.beginning.take().is_none() && !self.over.replace(true) && !self.is_closed() {
            self.connection.post("ROLLBACK");
        }
    }

    /// Runs statements without parameters, one after the other.
    pub(super) fn script(&self, sql: &str) -> Result<()> {
        self.ahead.forget();
        self.call(async |client| client.batch_execute(sql).await)
    }

    /// Every row of a query.
    pub(super) fn rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>> {
        if let Some(known) = self.ahead.take_rows(sql, parameters) {
            return Ok(known);
        }
        self.call(async |client| client.query_typed(sql, &borrowed(parameters)).await)
    }

    /// Every row of some queries, which are sent together.
    pub(super) fn rows_of_all(&self, queries: &[Statement]) -> Result<Vec<Vec<Row>>> {
        self.call(async |client| all(client, queries).await)
    }

    /// The first row of a query.
    pub(super) fn first(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    /// Runs a statement; returns the number of rows that it changed.
    pub(super) fn change(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64> {
        self.ahead.forget();
        self.call(async |client| client.execute_typed(sql, &borrowed(parameters)).await)
    }

    /// Runs a statement that writes, and returns first how many rows it wrote.
    pub(super) fn counted(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<i64> {
        self.returned(sql, parameters)?.map_or(Ok(0), |row| Fields::new("", &row).get())
    }

    /// Runs a statement that writes; returns the first row that it returns.
    pub(super) fn returned(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Option<Row>> {
        self.ahead.forget();
        self.first(sql, parameters)
    }

    /// Runs a statement that writes, together with the next one that is waited for. If it fails, that one fails, or the commit.
    pub(super) fn write(&self, sql: &'static str, parameters: &[Parameter<'_>]) -> Result<()> {
        let is_enough = self.ahead.write(Statement::new(sql, parameters)?);
        if is_enough { self.flush() } else { Ok(()) }
    }

    /// Calls `each` with every row of a query, which are never all in memory.
    pub(super) fn each(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
        each: &mut dyn FnMut(&Row) -> Result<()>,
    ) -> Result<()> {
        let mut outcome = Ok(());
        self.call(async |client| {
            let typed = parameters.iter().map(|it| (it.0.as_ref(), it.1.clone()));
            let rows = client.query_typed_raw(sql, typed).await?;
            pin_mut!(rows);
            while let Some(row) = rows.next().await {
                let row = row?;
                if outcome.is_ok() {
                    outcome = each(&row); // the rest of the rows is read to keep the connection usable
                }
            }
            Ok(())
        })?;
        outcome
    }

    /// Makes a call in the transaction, and begins that first if it has not begun.
    pub(super) fn call<T>(&self, call: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T> {
        let (opened, written, done) = self.answered(self.send(call))?;
        if let Some(Opened { begun, number, locked }) = opened {
            self.answered(begun.map_err(CallError::Refused))?;
            if let Some(number) = number {
                self.require_schema(number)?;
            }
            self.answered(locked.map_err(CallError::Refused))?;
        }
        self.answered(written.map_err(CallError::Refused))?;
        self.answered(done.map_err(CallError::Refused))
    }

    /// Sends what begins the transaction, what waits to be sent, and a call: all of it before it waits for an answer.
    fn send<T>(
        &self,
        call: impl AsyncFnOnce(&Client) -> ClientResult<T>,
    ) -> std::result::Result<Answers<T>, CallError> {
        let writes = self.ahead.take_writes();
        let opening = self.beginning.take().map(|beginning| Opening {
            beginning,
            claimed: self.claimed.take(),
            is_checked: self.checked.get(),
        });
        self.connection.run_while_alive(self.silence, async |client| {
            let opened = open(client, opening.as_ref(), &self.schema, self.place.lock_timeout);
            let ((opened, written), done) = join(join(opened, all(client, &writes)), call(client)).await;
            Ok((opened, written.map(drop), done))
        })
    }

    /// Refuses a database without the schema that this cfn needs.
    fn require_schema(&self, number: ClientResult<Option<i64>>) -> Result<()> {
        let location = self.place.location();
        let number = match number {
            Err(error) if error.code().is_some_and(|it| Refusal::of(it.code()) == Refusal::Schema) => None,
            answer => self.answered(answer.map_err(CallError::Refused))?,
        };
        let required = number.map_or_else(|| Err(self.missing()), |it| require(it, location));
        self.failed.set(required.is_err());
        self.checked.set(required.is_ok());
        required
    }

    /// The schema is not there, or this role may not use it: then the server passes it over without an error.
    fn missing(&self) -> StoreError {
        self.over.set(true);
        match self.connection.run_while_alive(self.silence, async |client| is_hidden(client, &self.schema).await) {
            Ok(true) => self.place.hidden(&self.schema),
            _ => self.place.missing(),
        }
    }

    fn answered<T>(&self, answer: std::result::Result<T, CallError>) -> Result<T> {
        answer.map_err(|error| {
            self.failed.set(true);
            match error {
                CallError::Refused(error) if error.code().is_none() || ends_the_connection(&error) => {
                    self.connection.give_up();
                    StoreError::Unreachable { location: self.place.location(), detail: sentence(&error) }
                }
                CallError::Refused(error) => self.refused(&error),
                CallError::Lost(detail) => StoreError::Unreachable { location: self.place.location(), detail },
            }
        })
    }

    fn refused(&self, error: &tokio_postgres::Error) -> StoreError {
        if let Some(conflict) = Conflict::of(error) {
            self.conflict.set(Some(conflict));
        }
        self.place.refused(error)
    }
}
