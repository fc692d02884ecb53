//! A schema with the rows of another database, made in one transaction.

use std::path::PathBuf;

use super::made_again::{MadeAgain, make_partitions};
use super::others::OtherValues;
use super::place::{self, Kept};
use super::stream::RowsIn;
use super::{USAGE, binary, derived, source};
use crate::settings::PostgresServer;
use crate::store::copying::{CopySource, CopyTarget, TABLES, Table, Value, Weighed};
use crate::store::postgres::beginning::Beginning;
use crate::store::postgres::parameters::{big, text};
use crate::store::postgres::schema_number::{CURRENT, NUMBER, name_of};
use crate::store::postgres::session::Session;
use crate::store::postgres::{Options, PostgresStore, schema};
use crate::store::{Result, StoreError};

/// A database on a server that gets all rows of another one.
pub struct ServerTarget {
    store: PostgresStore,
    /// Whether the schema is there.
    is_there: bool,
    /// The rows that it has.
    replaces: Option<String>,
    made_again: Option<MadeAgain>,
    filling: Option<Filling>,
    others: OtherValues,
}

/// The table that is being filled.
struct Filling {
    table: &'static Table,
    rows: RowsIn,
}

/// What is written to the server's log and to its rows is undone with the connection, which ends within this time where cfn died.
const WATCH: &str =
    "SELECT CASE WHEN version() LIKE '%linux%' THEN set_config('client_connection_check_interval', '500ms', true) END";

/// Tables in a schema that cfn did not create.
const STRANGERS: &str = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1 LIMIT 5";

/// Whether there is something besides what a new schema has.
const HOLDS: &str = "SELECT (SELECT count(*) FROM skills), (SELECT count(*) FROM skill_usage_log),
       EXISTS (SELECT FROM skills) OR EXISTS (SELECT FROM skill_contents) OR EXISTS (SELECT FROM skill_usage_log)
         OR EXISTS (SELECT FROM bootstrap_skills) OR EXISTS (SELECT FROM cfn_events) OR EXISTS (SELECT FROM outbox)
         OR EXISTS (SELECT FROM usage_archives) OR EXISTS (SELECT FROM cfn_aliases) OR EXISTS (SELECT FROM edge_case_tracking)
         OR EXISTS (SELECT FROM approval_criteria_templates WHERE updated_at <> created_at)";

/// After it, nothing is known of what was summed; the first report adds the log up. The revision is a new one.
const SETTLE: &str = "DELETE FROM usage_dirty;
     UPDATE usage_state SET rolled_up = '1:1:', fingerprint = cfn_usage_fingerprint();
     DELETE FROM cfn_revisions;
     INSERT INTO cfn_revisions (transaction, token)
       VALUES (pg_current_xact_id(), substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16))";

impl ServerTarget {
    /// A schema that is not there, that is empty, or that is one of cfn's and is to be replaced. Nothing is written yet. Others
    /// that would make it wait.
    pub fn of(server: &PostgresServer, replace: bool, options: Options) -> Result<Self> {
        let store = PostgresStore::open(server, options)?;
        store.session.begin_unchecked(Beginning::Unlocked);
        let is_there = is_there(&store.session)?;
        let replaces = if is_there { holds(&store.session)? } else { None };
        if let (Some(holds), false) = (&replaces, replace) {
            let location = store.session.place().location();
            return Err(StoreError::Occupied { location, holds: holds.clone() });
        }
        let (made_again, filling, others) = (None, None, OtherValues::default());
        Ok(Self { store, is_there, replaces, made_again, filling, others })
    }

    fn session(&self) -> &Session {
        &self.store.session
    }

    /// Empties the tables, which nobody else uses from now on.
    fn empty(&self) -> Result<()> {
        let session = self.session();
        let tables = TABLES.iter().map(|it| it.name).filter(|it| *it != "cfn_metadata");
        let tables = tables.chain(["other_values", "search_state", "search_blocks", "search_postings"]);
        let tables = tables.collect::<Vec<_>>().join(", ");
        session.script(&format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))?;
        match holds(session)? {
            Some(holds) if self.replaces.is_none() => {
                Err(StoreError::Occupied { location: session.place().location(), holds })
            }
            // A sequence that restarts is a new one until the commit, which setval needs.
            _ => session.script(&format!("TRUNCATE {tables} RESTART IDENTITY; DELETE FROM usage_dirty")),
        }
    }
}

/// Whether cfn's schema is there; nobody else makes it meanwhile.
fn is_there(session: &Session) -> Result<bool> {
    schema::lock(session)?;
    session.first(WATCH, &[])?;
    let location = || session.place().location();
    if !schema::exists(session)? {
        let strangers: Vec<String> =
            session.rows(STRANGERS, &[text(session.schema())])?.iter().map(|it| it.get(0)).collect();
        if strangers.is_empty() {
            return Ok(false);
        }
        let why = format!("its schema \"{}\" has other tables: {}", session.schema(), strangers.join(", "));
        return Err(StoreError::NotADatabase { location: location(), why });
    }
    match session.first(NUMBER, &[])?.map_or(0, |it| it.get::<_, i64>(0)) {
        found if found < CURRENT => Err(StoreError::Older { location: location() }),
        found if found > CURRENT => {
            Err(StoreError::Newer { location: location(), found: name_of(found), known: name_of(CURRENT) })
        }
        _ => Ok(true),
    }
}

/// What the schema holds; `None` if nothing was written since it was made.
fn holds(session: &Session) -> Result<Option<String>> {
    let Some(row) = session.first(HOLDS, &[])? else { return Ok(None) };
    let (skills, uses, holds): (i64, i64, bool) = (row.get(0), row.get(1), row.get(2));
    Ok(holds.then(|| format!("{skills} skills and {uses} usage rows")))
}

/// Begins the rows of a table.
fn begin_rows(session: &Session, table: &'static Table) -> Result<Filling> {
    let columns = if table.name == USAGE { format!("{}, {}", table.list(), derived::COLUMNS) } else { table.list() };
    Ok(Filling { table, rows: RowsIn::begin(session, table.name, &columns)? })
}

/// Appends a row, with what stands in for values that are kept beside it.
fn write(table: &Table, row: &[Value<'_>], beside: u64, to: &mut Vec<u8>) {
    let is_usage = table.name == USAGE;
    binary::begin_row(row.len() + if is_usage { derived::COUNT } else { 0 }, to);
    for (column, value) in table.columns.iter().zip(row) {
        if beside > 0 && place::of(column, *value) == Kept::Beside {
            binary::value(column, column.stand_in(*value).as_value(), to);
        } else {
            binary::value(column, *value, to);
        }
    }
    if is_usage {
        derived::write(table, row, to);
    }
}

impl CopyTarget for ServerTarget {
    fn replaces(&self) -> Option<&str> {
        self.replaces.as_deref()
    }

    fn identity(&self) -> Result<Option<String>> {
        if self.is_there { source::identity(self.session()).map(Some) } else { Ok(None) }
    }

    fn holds_orphans(&self) -> bool {
        false
    }

    fn weigh(&mut self, table: &'static Table, row: &[Value<'_>]) -> Result<Weighed> {
        let mut beside = 0;
        for (column, value) in table.columns.iter().zip(row) {
            match place::of(column, *value) {
                Kept::There => {}
                Kept::Beside => beside += 1,
                Kept::Refused(why) => return Ok(Weighed::Refused { column: column.name, why }),
            }
        }
        Ok(Weighed::Held { beside })
    }

    fn begin(&mut self, usage_months: &[String]) -> Result<()> {
        if self.is_there {
            self.empty()?;
        } else {
            schema::make(self.session())?;
        }
        make_partitions(self.session(), usage_months)?;
        self.made_again = Some(MadeAgain::take_away(self.session())?);
        TABLES.iter().try_for_each(|table| {
            self.session().script(&format!("DELETE FROM {}{}", table.name, super::condition(table)))
        })
    }

    fn begin_table(&mut self, table: &'static Table) -> Result<()> {
        self.filling = Some(begin_rows(self.session(), table)?);
        Ok(())
    }

    fn add(&mut self, row: &[Value<'_>]) -> Result<Weighed> {
        let Some(mut filling) = self.filling.take() else {
            return Err(StoreError::Defect("a row was copied outside a table"));
        };
        let table = filling.table;
        let weighed = self.weigh(table, row)?;
        if let Weighed::Held { beside } = weighed {
            filling.rows.add(self.session(), |to| write(table, row, beside, to))?;
            if beside > 0 {
                for (column, value) in table.columns.iter().zip(row) {
                    if place::of(column, *value) == Kept::Beside {
                        self.others.add(table, row, column, *value);
                    }
                }
            }
        }
        if self.others.is_full() {
            // The connection takes the rows of one table at a time.
            filling.rows.end(&self.store.session)?;
            self.others.flush(&self.store.session)?;
            filling = begin_rows(&self.store.session, table)?;
        }
        self.filling = Some(filling);
        Ok(weighed)
    }

    fn end_table(&mut self, last_id: i64) -> Result<()> {
        let Some(Filling { table, rows }) = self.filling.take() else { return Ok(()) };
        rows.end(&self.store.session)?;
        self.others.flush(&self.store.session)?;
        if table.is_numbered {
            let sql = format!("SELECT setval('{}_id_seq', greatest($1, 1), $1 > 0)", table.name);
            self.session().first(&sql, &[big(last_id)])?;
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<()> {
        let Some(made_again) = &self.made_again else { return Ok(()) };
        made_again.make_indexes(self.session())?;
        made_again.turn_triggers_on(self.session())?;
        let tables = TABLES.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
        self.session().script(&format!("{SETTLE}; ANALYZE {tables}, other_values"))
    }

    fn written(&self) -> Result<&dyn CopySource> {
        Ok(&self.store)
    }

    fn publish(self: Box<Self>) -> Result<Option<PathBuf>> {
        self.session().commit().map(|()| None)
    }
}

impl Drop for ServerTarget {
    fn drop(&mut self) {
        self.filling = None;
        self.store.session.undo();
    }
}
