//! Archives on a PostgreSQL server: a set of rows for each month, in a schema beside those of skills databases. Each step is a
//! transaction of its own, so that a pooler may be in between.

mod uses;

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Row;

use super::failure::Place;
use super::parameters::{Parameter, big, bigs, borrowed, text, texts};
use crate::postgres::{CallError, Connection, NotConnected};
use crate::settings::PostgresServer;
use crate::store::archives::{
    AllRows, ArchivePlace, ArchivedDays, EachPart, Header, Value, Written, header_of, in_parts, line_of, refused,
    require_same, verify,
};
use crate::store::{Result, StoreError};

/// The tables of a server with archives.
const TABLES: &str = include_str!("../../../migrations/archive/0001_archived_usage.sql");

const HAS_TABLES: &str = "SELECT to_regclass(format('%I.usage_sets', $1)) IS NOT NULL";

/// Keeps others out who make the same tables, until the transaction ends.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1667657223, hashtext($1))";

/// Two processes that write the same set wait for each other here, and the second finds it.
const ADD_SET: &str = "INSERT INTO usage_sets (database_id, before, header) VALUES ($1, $2, '')
     ON CONFLICT (database_id, before) DO NOTHING RETURNING id";

const ADD_ROWS: &str = "INSERT INTO usage_rows (set_id, number, line)
     SELECT $1, number, line FROM unnest($2, $3) AS of (number, line)";

const SET: &str = "SELECT id, header FROM usage_sets WHERE database_id = $1 AND before = $2";

const NEXT_ROWS: &str = "SELECT line FROM usage_rows WHERE set_id = $1 AND number >= $2 ORDER BY number LIMIT $3";

/// Rows of one request.
const BATCH: usize = 1_000;

/// A month of the usage log on a server.
pub struct ServerArchive {
    connection: Connection,
    place: Place,
    schema: String,
    /// How long a statement may be silent before the server is asked whether it still answers.
    silence: Duration,
    name: PathBuf,
    before: String,
    /// The set, once it was opened.
    opened: Option<(i64, Header)>,
}

impl ServerArchive {
    /// Connects to the server of an archive, which may be missing there. `url` is its name in the database's record.
    pub fn connect(server: &PostgresServer, url: &str, days: &ArchivedDays, lock_timeout: Duration) -> Result<Self> {
        let place = Place::new(server, lock_timeout);
        let unreachable = |error: NotConnected| {
            let (NotConnected::Setup(detail) | NotConnected::Host(detail, _)) = error;
            StoreError::ArchiveUnreachable { server: url.to_owned(), detail }
        };
        let connection = Connection::open(server).map_err(unreachable)?;
        Ok(Self {
            connection,
            place,
            schema: format!("{}_archive", server.schema),
            silence: lock_timeout.saturating_add(server.connect_timeout),
            name: PathBuf::from(url),
            before: days.before.clone(),
            opened: None,
        })
    }

    fn ask(&self, sql: &str, parameters: &[Parameter<'_>]) -> Result<Vec<Row>> {
        let answer = self
            .connection
            .run_while_alive(self.silence, async |client| client.query_typed(sql, &borrowed(parameters)).await);
        answer.map_err(|error| self.failed(error))
    }

    fn script(&self, sql: &str) -> Result<()> {
        let answer = self.connection.run_while_alive(self.silence, async |client| client.batch_execute(sql).await);
        answer.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: CallError) -> StoreError {
        match error {
            CallError::Refused(error) => self.place.refused(&error),
            CallError::Lost(detail) => {
                StoreError::ArchiveUnreachable { server: self.name.to_string_lossy().into_owned(), detail }
            }
        }
    }

    /// A transaction with the tables of this schema in sight. What fails is undone.
    fn transaction<T>(&self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.script("BEGIN ISOLATION LEVEL REPEATABLE READ")?;
        let settings = "SELECT set_config('search_path', quote_ident($1) || ', pg_temp', true),
           set_config('lock_timeout', $2, true), set_config('synchronous_commit', 'on', true)";
        let wait = format!("{}ms", self.place.lock_timeout.as_millis().max(1));
        let done = self.ask(settings, &[text(&self.schema), text(&wait)]).and_then(|_| work(self));
        match done {
            Ok(done) => self.script("COMMIT").map(|()| done),
            Err(error) => {
                if let Err(error) = self.script("ROLLBACK") {
                    tracing::debug!(%error, "a transaction could not be undone: the server does that when the connection ends");
                }
                Err(error)
            }
        }
    }

    fn has_tables(&self) -> Result<bool> {
        Ok(self.ask(HAS_TABLES, &[text(&self.schema)])?.iter().any(|row| row.get(0)))
    }

    /// Makes the tables, if they are missing.
    fn make(&self) -> Result<()> {
        if self.has_tables()? {
            return Ok(());
        }
        self.script("BEGIN")?;
        let made = self.ask(LOCK, &[text(&self.schema)]).and_then(|_| {
            if self.has_tables()? {
                return Ok(());
            }
            // The server quotes the name, which cannot be a parameter of these statements.
            let sql = "SELECT format('CREATE SCHEMA IF NOT EXISTS %1$I; SET LOCAL search_path = %1$I', $1)";
            let script: String =
                self.ask(sql, &[text(&self.schema)])?.first().map(|row| row.get(0)).unwrap_or_default();
            self.script(&script)?;
            self.script(TABLES)
        });
        self.script(if made.is_ok() { "COMMIT" } else { "ROLLBACK" }).and(made)
    }

    fn find(&self, database: &str, before: &str) -> Result<Option<(i64, Header)>> {
        if !self.has_tables()? {
            return Ok(None);
        }
        let found = self.transaction(|it| it.ask(SET, &[text(database), text(before)]))?;
        let Some(row) = found.first() else { return Ok(None) };
        let header: String = row.get(1);
        Ok(Some((row.get(0), header_of(&self.name, header.as_bytes())?)))
    }

    fn require_open(&self) -> Result<(i64, Header)> {
        self.opened.clone().ok_or(StoreError::Defect("an archive was read before it was opened"))
    }

    /// Passes each line of the set to `each`.
    fn read<T>(
        &self,
        set: i64,
        read: impl FnOnce(&mut dyn FnMut(&mut Vec<u8>) -> Result<()>) -> Result<T>,
    ) -> Result<T> {
        let (mut lines, mut done) = (Vec::<String>::new().into_iter(), 0);
        read(&mut |line| {
            let next = if let Some(next) = lines.next() {
                Some(next)
            } else {
                let rows =
                    self.transaction(|it| it.ask(NEXT_ROWS, &[big(set), big(number(done)), big(number(BATCH))]))?;
                done += BATCH;
                lines = rows.iter().map(|row| row.get(0)).collect::<Vec<String>>().into_iter();
                lines.next()
            };
            if let Some(next) = next {
                line.extend_from_slice(next.as_bytes());
                line.push(b'\n');
            }
            Ok(())
        })
    }
}

impl ArchivePlace for ServerArchive {
    fn name(&self) -> &Path {
        &self.name
    }

    fn exists(&mut self, database: &str) -> Result<bool> {
        Ok(self.find(database, &self.before)?.is_some())
    }

    fn write(&mut self, header: Header, _original: Option<&Metadata>, rows: &mut AllRows<'_>) -> Result<bool> {
        self.make()?;
        let written = self.transaction(|it| {
            let Some(set) = it.ask(ADD_SET, &[text(&header.database), text(&it.before)])?.first().map(|row| row.get(0))
            else {
                return Ok(true); // another process was faster
            };
            let mut batch = Batch::of(set);
            rows(&mut |row| batch.add(it, row))?;
            batch.send(it)?;
            let header = batch.written.header(header);
            let is_empty = header.rows == 0;
            let line = serde_json::to_string(&header).map_err(|_| StoreError::Defect("a header is no JSON"))?;
            let end = if is_empty {
                "DELETE FROM usage_sets WHERE id = $1 AND $2 <> ''"
            } else {
                "UPDATE usage_sets SET header = $2 WHERE id = $1"
            };
            it.ask(end, &[big(set), text(&line)]).map(|_| !is_empty)
        })?;
        Ok(written)
    }

    fn open(&mut self, database: &str, before: Option<&str>) -> Result<Header> {
        let Some((set, header)) = self.find(database, &self.before)? else {
            return Err(refused(
                &self.name,
                &format!("it has no rows of this database from the month before {}", self.before),
            ));
        };
        require_same(&self.name, &header, database, before)?;
        self.read(set, |next| verify(&self.name, &header, next, &mut |_| Ok(())))?;
        self.opened = Some((set, header.clone()));
        Ok(header)
    }

    fn parts(&mut self, progress: &mut dyn FnMut(u64, u64), part: &mut EachPart<'_>) -> Result<()> {
        let (set, header) = self.require_open()?;
        self.read(set, |next| in_parts(&self.name, &header, next, progress, part))
    }

    fn discard(&mut self) -> Result<()> {
        let (set, _) = self.require_open()?;
        self.transaction(|it| it.ask("DELETE FROM usage_sets WHERE id = $1", &[big(set)]).map(|_| ()))
    }
}

/// Lines that wait to be sent.
struct Batch {
    set: i64,
    written: Written,
    next: usize,
    lines: Vec<String>,
}

impl Batch {
    fn of(set: i64) -> Self {
        Self { set, written: Written::default(), next: 0, lines: Vec::new() }
    }

    fn add(&mut self, server: &ServerArchive, row: &[Value]) -> Result<()> {
        let mut line = line_of(row);
        self.written.add(&line);
        line.pop();
        self.lines.push(line);
        if self.lines.len() < BATCH { Ok(()) } else { self.send(server) }
    }

    fn send(&mut self, server: &ServerArchive) -> Result<()> {
        let numbers: Vec<i64> = (self.next..self.next + self.lines.len()).map(number).collect();
        let lines: Vec<&str> = self.lines.iter().map(String::as_str).collect();
        server.ask(ADD_ROWS, &[big(self.set), bigs(&numbers), texts(&lines)])?;
        self.next += numbers.len();
        self.lines.clear();
        Ok(())
    }
}

fn number(row: usize) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}
