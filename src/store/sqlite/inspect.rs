//! Measures a statement of the user. It is the only place that runs SQL from outside, so it uses every guard of SQLite:
//! a read-only connection, `query_only`, an authorizer that allows only reading, a single statement, and a time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, Authorization};
use rusqlite::{Connection, Error, ErrorCode, Statement, StatementStatus};

use super::SqliteStore;
use super::failure::Place;
use crate::store::{Inspect, LockWaits, PlanStep, Result, StatementReport, StoreError, Trial};

/// Virtual machine instructions between checks of the clock: about 100 µs.
const INSTRUCTIONS: i32 = 10_000;

pub(super) fn measure(
    connection: &mut Connection,
    place: &Place,
    trial: &Trial<'_>,
    taken: &mut dyn FnMut(Duration),
) -> Result<StatementReport> {
    if !connection.is_readonly(rusqlite::MAIN_DB).map_err(|error| place.fail(&error))? {
        return Err(refused("the database is open for writing"));
    }
    let until = Instant::now() + trial.limit;
    let measured = guard(connection, until, Arc::clone(trial.stop)).and_then(|()| run(connection, trial, until, taken));
    let freed = free(connection);
    let report = measured.map_err(|error| explain(place, trial, &error))?;
    freed.map_err(|error| place.fail(&error))?;
    Ok(report)
}

fn guard(connection: &mut Connection, until: Instant, stop: Arc<AtomicBool>) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, true)?;
    connection.execute_batch("PRAGMA query_only = ON")?;
    connection.progress_handler(INSTRUCTIONS, Some(move || Instant::now() > until || stop.load(Ordering::Relaxed)))?;
    connection.authorizer(Some(|context: rusqlite::hooks::AuthContext<'_>| match context.action {
        // It is disabled here, but not in every program that runs the same statement.
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Function { .. } | AuthAction::Recursive => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }))
}

fn free(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.authorizer(None::<fn(rusqlite::hooks::AuthContext<'_>) -> Authorization>)?;
    connection.progress_handler(0, None::<fn() -> bool>)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.execute_batch("PRAGMA query_only = OFF")
}

fn run(
    connection: &Connection,
    trial: &Trial<'_>,
    until: Instant,
    taken: &mut dyn FnMut(Duration),
) -> rusqlite::Result<StatementReport> {
    let mut statement = connection.prepare(trial.statement)?;
    if !statement.readonly() || statement.is_explain() != 0 || statement.parameter_count() > 0 {
        return Err(Error::InvalidQuery);
    }
    let plan = plan(connection, trial.statement)?;
    let rows = step(&mut statement)?; // not counted: it fills the page cache
    let counters = [StatementStatus::FullscanStep, StatementStatus::Sort, StatementStatus::VmStep];
    let [scanned, sorts, steps] = counters.map(|it| i64::from(statement.get_status(it)));
    let mut runs = 0;
    while runs < trial.iterations && Instant::now() < until && !trial.stop.load(Ordering::Relaxed) {
        let since = Instant::now();
        step(&mut statement)?;
        taken(since.elapsed());
        runs += 1;
    }
    let warnings = warnings(&plan);
    Ok(StatementReport { rows, scanned, sorts, steps, plan, warnings })
}

/// Reads every value of every row, as a real reader does.
fn step(statement: &mut Statement<'_>) -> rusqlite::Result<u64> {
    let (columns, mut count) = (statement.column_count(), 0);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            std::hint::black_box(row.get_ref(column)?);
        }
        count += 1;
    }
    Ok(count)
}

pub(super) fn plan(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<PlanStep>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let (mut rows, mut depths) = (statement.raw_query(), Vec::<(i64, usize)>::new());
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, parent): (i64, i64) = (row.get("id")?, row.get("parent")?);
        let depth = depths.iter().find(|(it, _)| *it == parent).map_or(0, |(_, depth)| depth + 1);
        depths.push((id, depth));
        steps.push(PlanStep { depth, detail: row.get("detail")? });
    }
    Ok(steps)
}

/// Warnings about steps whose cost grows with the table and not with the result.
pub(super) fn warnings(plan: &[PlanStep]) -> Vec<String> {
    let about = |step: &PlanStep| {
        let detail = &step.detail;
        if let Some(what) = detail.strip_prefix("USE TEMP B-TREE FOR ") {
            return Some(format!("a temporary B-tree is built for {what}: every run sorts or compares the rows"));
        }
        if detail.contains("USING AUTOMATIC") {
            return Some(format!("an index is built on every run ({detail}): create it once"));
        }
        let scanned = detail.strip_prefix("SCAN ")?;
        let stored = !scanned.contains("VIRTUAL TABLE")
            && !scanned.starts_with(['(', '0', '1', '2'])
            && scanned != "CONSTANT ROW"
            && !scanned.contains("-ROW");
        stored.then(|| format!("every row of {} is read: no index serves the query", name(scanned)))
    };
    plan.iter().filter_map(about).collect()
}

/// `t USING COVERING INDEX i` is a full scan of an index.
fn name(scanned: &str) -> &str {
    scanned.split_whitespace().next().unwrap_or(scanned)
}

fn explain(place: &Place, trial: &Trial<'_>, error: &Error) -> StoreError {
    match error {
        Error::MultipleStatement => refused("it is more than one statement"),
        Error::InvalidQuery => refused("only a SELECT without parameters is measured"),
        Error::SqlInputError { msg, .. } => refused(msg),
        Error::SqliteFailure(code, message) => match code.code {
            ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly => {
                refused("it does more than read the tables of this database")
            }
            ErrorCode::OperationInterrupted => {
                refused(&format!("one run takes longer than {} s", trial.limit.as_secs_f64()))
            }
            ErrorCode::Unknown => refused(message.as_deref().unwrap_or("SQLite refuses it")),
            _ => place.fail(error),
        },
        other => match other.sqlite_error() {
            Some(_) => place.fail(other),
            None => refused(&other.to_string()),
        },
    }
}

fn refused(why: &str) -> StoreError {
    StoreError::Statement { why: why.to_owned() }
}

impl Inspect for SqliteStore {
    fn measure(&mut self, trial: &Trial<'_>, taken: &mut dyn FnMut(Duration)) -> Result<StatementReport> {
        let report = measure(&mut self.connection, &self.place, trial, taken)?;
        self.place.require_unchanged().map(|()| report)
    }

    fn lock_waits(&self) -> LockWaits {
        self.place.waits.so_far()
    }
}
