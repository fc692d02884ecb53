//! One connection, used synchronously: statements, and the beginning and end of transactions.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join;
use futures_util::{StreamExt, pin_mut};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::beginning::{Beginning, begin, lock, number};
use super::failure::{Conflict, Place};
use super::schema_number::{CURRENT, name_of};
use crate::postgres::{CallError, ClientResult, Connection, Refusal, ends_the_connection, sentence};
use crate::settings::PostgresServer;
use crate::store::{Result, StoreError};

/// After so many times the time limit of connecting without an answer, and the longest wait for a lock, the server is asked
/// whether it still answers anybody.
const SILENCE: u32 = 6;

/// The value of a parameter, with its type: unnamed statements do not ask the server for types.
pub(super) type Parameter<'a> = (Box<dyn ToSql + Sync + 'a>, Type);

/// A query with its parameters.
pub(super) type Query<'a> = (&'a str, &'a [Parameter<'a>]);

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
    /// Why the running transaction failed, if another one is the cause.
    conflict: Cell<Option<Conflict>>,
    /// Whether a statement of the running transaction failed.
    failed: Cell<bool>,
    /// Whether the transaction has ended, or none has begun.
    over: Cell<bool>,
    /// Whether the database is known to have the schema that this cfn needs.
    checked: Cell<bool>,
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
            conflict,
            failed,
            over,
            checked,
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
        self.claimed.replace(None);
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

    /// Why the transaction failed, if another one is the cause.
    pub(super) fn conflict(&self) -> Option<Conflict> {
        self.conflict.get()
    }

    /// Commits. Every statement before it was answered without an error, so the server does not answer with a rollback.
    pub(super) fn commit(&self) -> Result<()> {
        if self.beginning.take().is_some() {
            return Ok(()); // there was no statement
        }
        self.over.set(true);
        self.connection.run_while_alive(self.silence, async |client| client.batch_execute("COMMIT").await).map_err(
            |error| match error {
                CallError::Refused(error) => self.refused(&error),
                CallError::Lost(detail) => StoreError::OutcomeUnknown { location: self.place.location(), detail },
            },
        )
    }

    /// Undoes the transaction. If that cannot be said to the server, it undoes it with the connection.
    pub(super) fn undo(&self) {
        if self.beginning.take().is_none() && !self.over.replace(true) && !self.is_closed() {
            let undone =
                self.connection.run_while_alive(self.silence, async |client| client.batch_execute("ROLLBACK").await);
            if let Err(error) = undone {
                tracing::debug!(?error, "a transaction ended with its connection");
            }
        }
    }

    /// Runs statements without parameters, one after the other.
    pub(super) fn script(&self, sql: &str) -> Result<()> {
        self.call(async |client| client.batch_execute(sql).await)
    }

    /// Every row of a query.
    pub(super) fn rows(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>> {
        self.call(async |client| client.query_typed(sql, &borrowed(parameters)).await)
    }

    /// Every row of two queries, which are sent together.
    pub(super) fn rows_of_both(&self, one: Query<'_>, other: Query<'_>) -> Result<(Vec<Row>, Vec<Row>)> {
        self.call(async |client| {
            let (one_parameters, other_parameters) = (borrowed(one.1), borrowed(other.1));
            let both =
                join(client.query_typed(one.0, &one_parameters), client.query_typed(other.0, &other_parameters)).await;
            Ok((both.0?, both.1?))
        })
    }

    /// The first row of a query.
    pub(super) fn first(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Option<Row>> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    /// Runs a statement; returns the number of rows that it changed.
    pub(super) fn change(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<u64> {
        self.call(async |client| client.execute_typed(sql, &borrowed(parameters)).await)
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
    fn call<T>(&self, call: impl AsyncFnOnce(&Client) -> ClientResult<T>) -> Result<T> {
        let Some(beginning) = self.beginning.take() else {
            return self.answered(self.connection.run_while_alive(self.silence, call));
        };
        let (is_checked, claimed) = (self.checked.get(), self.claimed.take());
        let answer = self.connection.run_while_alive(self.silence, async |client| {
            // The client sends everything before it waits for an answer.
            let begun =
                join(begin(client, beginning, &self.schema, self.place.lock_timeout), number(client, is_checked));
            let locked = lock(client, beginning, claimed.as_deref());
            let (((begun, number), locked), done) = join(join(begun, locked), call(client)).await;
            Ok((begun, number, locked, done))
        });
        let (begun, number, locked, done) = self.answered(answer)?;
        self.answered(begun.map_err(CallError::Refused))?;
        if !is_checked {
            self.require_schema(number)?;
        }
        self.answered(locked.map_err(CallError::Refused))?;
        self.answered(done.map_err(CallError::Refused))
    }

    /// Refuses a database without the schema that this cfn needs.
    fn require_schema(&self, number: ClientResult<Option<i64>>) -> Result<()> {
        let location = self.place.location();
        let number = match number {
            Err(error) if error.code().is_some_and(|it| Refusal::of(it.code()) == Refusal::Schema) => None,
            answer => self.answered(answer.map_err(CallError::Refused))?,
        };
        self.failed.set(true);
        match number {
            None => Err(self.missing()),
            Some(found) if found < CURRENT => Err(StoreError::Older { location }),
            Some(found) if found / 1000 > CURRENT / 1000 => {
                Err(StoreError::Newer { location, found: name_of(found), known: name_of(CURRENT) })
            }
            Some(_) => {
                self.failed.set(false);
                self.checked.set(true);
                Ok(())
            }
        }
    }

    /// The schema is not there, or this role may not use it: then the server passes it over without an error.
    fn missing(&self) -> StoreError {
        const HIDDEN: &str = "SELECT 1 FROM pg_namespace WHERE nspname = $1 AND NOT has_schema_privilege(oid, 'USAGE')";
        self.over.set(true);
        let hidden = self.connection.run_while_alive(self.silence, async |client| {
            client.batch_execute("ROLLBACK").await?;
            client.query_typed(HIDDEN, &[(&self.schema, Type::TEXT)]).await
        });
        match hidden {
            Ok(rows) if !rows.is_empty() => self.place.hidden(&self.schema),
            _ => StoreError::Missing { location: self.place.location() },
        }
    }

    fn answered<T>(&self, answer: std::result::Result<T, CallError>) -> Result<T> {
        answer.map_err(|error| {
            self.failed.set(true);
            match error {
                CallError::Refused(error) if error.code().is_none() || ends_the_connection(&error) => {
                    self.connection.give_up();
                    self.lost(sentence(&error))
                }
                CallError::Refused(error) => self.refused(&error),
                CallError::Lost(detail) => self.lost(detail),
            }
        })
    }

    fn lost(&self, detail: String) -> StoreError {
        StoreError::Unreachable { location: self.place.location(), detail }
    }

    fn refused(&self, error: &tokio_postgres::Error) -> StoreError {
        if let Some(conflict) = Conflict::of(error) {
            self.conflict.set(Some(conflict));
        }
        self.place.refused(error)
    }
}

fn borrowed<'a>(parameters: &'a [Parameter<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|it| (it.0.as_ref() as &(dyn ToSql + Sync), it.1.clone())).collect()
}
