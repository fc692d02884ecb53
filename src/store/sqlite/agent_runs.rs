//! The history of agents' runs, in `skills-work.db`. The first run makes the table: a file without it is as good as one
//! with it, so that it is no part of the file's version.

use std::path::PathBuf;

use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::failure::Place;
use super::options::Options;
use super::rows::{Fields, collect, first};
use super::verified::insert;
use super::work_file::WorkFile;
use crate::model::AgentRun;
use crate::store::{AgentRuns, AgentTimes, AgentTotals, Result};

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS agent_runs(agent_id TEXT PRIMARY KEY, agent_type TEXT NOT NULL, task_id TEXT,
    runtime TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT NOT NULL, reason TEXT NOT NULL, exit_code INTEGER,
    duration_ms INTEGER, peak_bytes INTEGER, cpu_ms INTEGER, limited_by TEXT, detail TEXT, spawn_ms INTEGER)";

/// A table of an earlier cfn gets its last column with the next run.
const HAS_COLUMN: &str = "SELECT 1 FROM pragma_table_info('agent_runs') WHERE name = 'spawn_ms'";

const ADD_COLUMN: &str = "ALTER TABLE agent_runs ADD COLUMN spawn_ms INTEGER";

const ADD: &str =
    "INSERT OR IGNORE INTO agent_runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

const COLUMNS: &str = "agent_id, agent_type, task_id, runtime, started_at, ended_at, reason, exit_code, duration_ms,
    peak_bytes, cpu_ms, limited_by, detail, spawn_ms FROM agent_runs";

/// Opens the file when it is needed.
pub struct RunsFile {
    database: PathBuf,
    options: Options,
}

impl RunsFile {
    /// The history beside a database.
    #[must_use]
    pub fn of(database: PathBuf, options: Options) -> Self {
        Self { database, options }
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<Vec<T>>) -> Result<Vec<T>> {
        let Some(WorkFile { connection, place }) = WorkFile::for_reading(&self.database, &self.options)? else {
            return Ok(Vec::new());
        };
        let has_table = first(&connection, HAS_COLUMN, [], |_| Ok(())).map_err(|error| place.fail(&error))?;
        has_table.map_or(Ok(Vec::new()), |()| query(&connection).map_err(|error| place.fail(&error)))
    }
}

impl AgentRuns for RunsFile {
    fn record(&mut self, runs: &[AgentRun]) -> Result<bool> {
        let Some(WorkFile { mut connection, place }) = WorkFile::for_writing(&self.database, &self.options)? else {
            return Ok(false);
        };
        write(&mut connection, &place, runs).map(|()| true)
    }

    fn run_of(&mut self, agent_id: &str) -> Result<Option<AgentRun>> {
        let sql = format!("SELECT {COLUMNS} WHERE agent_id = ?1");
        Ok(self.read(|it| collect(it, &sql, [agent_id], run))?.pop())
    }

    fn latest(&mut self, task_id: Option<&str>, count: usize) -> Result<Vec<AgentRun>> {
        let sql = format!("SELECT {COLUMNS} WHERE ?1 IS NULL OR task_id = ?1 ORDER BY rowid DESC LIMIT ?2");
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.read(|it| collect(it, &sql, params![task_id, count], run))
    }

    fn successes(&mut self, agent_type: &str, count: usize) -> Result<Vec<i64>> {
        let sql = "SELECT duration_ms FROM agent_runs WHERE agent_type = ?1 AND reason = 'exited' AND exit_code = 0
             AND duration_ms IS NOT NULL ORDER BY rowid DESC LIMIT ?2";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.read(|it| collect(it, sql, params![agent_type, count], |row| row.get(0)))
    }

    fn totals(&mut self, besides: &[String]) -> Result<Vec<AgentTotals>> {
        let sums = |column: &str, bounds: &[i64]| {
            let up_to: Vec<_> = bounds.iter().map(|it| format!(", coalesce(sum({column} <= {it}), 0)")).collect();
            format!("count({column}), coalesce(sum({column}), 0){}", up_to.concat())
        };
        let sql = format!(
            "SELECT agent_type, runtime, reason, exit_code IS 0, count(*), {}, {} FROM agent_runs
             WHERE agent_id NOT IN (SELECT value FROM json_each(?1)) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            sums("duration_ms", &AgentTotals::RUN_BOUNDS_MS),
            sums("spawn_ms", &AgentTotals::SPAWN_BOUNDS_MS)
        );
        let besides = serde_json::Value::from(besides).to_string();
        self.read(|it| collect(it, &sql, [&besides], totals))
    }
}

fn totals(row: &Row<'_>) -> rusqlite::Result<AgentTotals> {
    let mut fields = Fields::new("agent_runs", row);
    Ok(AgentTotals {
        agent_type: fields.get()?,
        runtime: fields.get()?,
        reason: fields.word()?,
        succeeded: fields.get()?,
        runs: fields.get()?,
        durations: times(&mut fields, AgentTotals::RUN_BOUNDS_MS.len())?,
        spawns: times(&mut fields, AgentTotals::SPAWN_BOUNDS_MS.len())?,
    })
}

fn times(fields: &mut Fields<'_>, bounds: usize) -> rusqlite::Result<AgentTimes> {
    Ok(AgentTimes {
        count: fields.get()?,
        sum_ms: fields.get()?,
        up_to: (0..bounds).map(|_| fields.get()).collect::<rusqlite::Result<_>>()?,
    })
}

fn write(connection: &mut Connection, place: &Place, runs: &[AgentRun]) -> Result<()> {
    let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let inner = begun.map_err(|error| place.fail(&error))?;
    let written = inner.execute_batch(TABLE).and_then(|()| {
        if first(&inner, HAS_COLUMN, [], |_| Ok(()))?.is_none() {
            inner.execute_batch(ADD_COLUMN)?;
        }
        runs.iter().try_for_each(|it| add(&inner, it))
    });
    written.map_err(|error| place.fail(&error))?;
    place.require_unchanged()?;
    inner.commit().map_err(|error| place.fail(&error))
}

fn add(connection: &Connection, run: &AgentRun) -> rusqlite::Result<()> {
    let values = params![
        run.agent_id,
        run.agent_type,
        run.task_id,
        run.runtime,
        run.started_at,
        run.ended_at,
        run.reason.as_str(),
        run.exit_code,
        run.duration_ms,
        run.peak_bytes,
        run.cpu_ms,
        run.limited_by,
        run.detail,
        run.spawn_ms
    ];
    insert(connection, ADD, values)
}

fn run(row: &Row<'_>) -> rusqlite::Result<AgentRun> {
    let mut fields = Fields::new("agent_runs", row);
    Ok(AgentRun {
        agent_id: fields.get()?,
        agent_type: fields.get()?,
        task_id: fields.maybe_text()?,
        runtime: fields.get()?,
        started_at: fields.get()?,
        ended_at: fields.get()?,
        reason: fields.word()?,
        exit_code: fields.number()?.and_then(|it| u8::try_from(it).ok()),
        duration_ms: fields.number()?,
        peak_bytes: fields.number()?,
        cpu_ms: fields.number()?,
        limited_by: fields.maybe_text()?,
        detail: fields.maybe_text()?,
        spawn_ms: fields.number()?,
    })
}
