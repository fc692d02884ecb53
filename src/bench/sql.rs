//! Measures a statement of the user in one connection, and as whole processes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use super::error::Result;
use super::measure::{FEWEST_ROUNDS, Measurer, Observer, Plan, Sample, in_turn};
use super::statistics::Summary;
use crate::process::Program;
use crate::store::{Inspect, StatementReport, Trial};

/// A statement to measure.
pub struct Sql<'a> {
    /// A single `SELECT`.
    pub statement: &'a str,
    /// Number of runs in one connection.
    pub iterations: u64,
    /// Number of runs as a process.
    pub process_iterations: usize,
    /// Time limit for each of the two.
    pub limit: Duration,
    /// Programs that run the statement once, each with its name.
    pub programs: Vec<(String, Program)>,
    /// Set by a signal to stop early.
    pub stop: &'a Arc<AtomicBool>,
}

/// The report of a measured statement.
#[derive(Debug, Clone, Serialize)]
pub struct SqlReport {
    /// The version of this format.
    pub format: u32,
    /// The statement.
    pub statement: String,
    /// Its plan and costs.
    #[serde(flatten)]
    pub report: StatementReport,
    /// The times of each way to run it.
    pub ways: Vec<SqlWay>,
}

/// A way to run the statement.
#[derive(Debug, Clone, Serialize)]
pub struct SqlWay {
    /// The name of the way: one connection, or a program.
    pub way: String,
    /// The statistics.
    pub figures: Option<Summary>,
    /// All samples, in order.
    pub samples_ms: Vec<f64>,
}

/// Measures the statement. It is passed to the programs only after the engine found it to be read-only.
pub fn measure(store: &mut dyn Inspect, request: Sql<'_>, progress: &mut dyn FnMut(usize, usize)) -> Result<SqlReport> {
    let mut samples = Vec::new();
    let trial = Trial {
        statement: request.statement,
        iterations: request.iterations,
        limit: request.limit,
        stop: request.stop,
    };
    let report = store.measure(&trial, &mut |took| samples.push(took.as_secs_f64() * 1000.0))?;
    let mut ways = vec![way("in one connection".to_owned(), samples)];
    let plan = Plan {
        warm_up: 1,
        rounds: request.process_iterations,
        limit: Some(request.limit),
        fewest: FEWEST_ROUNDS,
        stop: request.stop,
    };
    let taken = in_turn(&mut Programs(request.programs), &plan, &mut Rounds(progress))?;
    ways.extend(taken.into_iter().map(|it| way(it.subject, it.milliseconds)));
    Ok(SqlReport { format: 1, statement: request.statement.to_owned(), report, ways })
}

/// The `sqlite3` shell in read-only and safe mode, in which it cannot access files or run programs.
#[must_use]
pub fn shell(shell: &Path, folder: &Path, database: &Path, statement: &str) -> Program {
    Program::new(shell, folder).args(["-batch", "-readonly", "-safe"]).args([database]).args([statement])
}

fn way(way: String, samples_ms: Vec<f64>) -> SqlWay {
    SqlWay { way, figures: Summary::of(&samples_ms), samples_ms }
}

struct Programs(Vec<(String, Program)>);

impl Measurer for Programs {
    fn subjects(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    fn measure(&mut self, subject: usize, _round: usize) -> Result<Duration> {
        self.0[subject].1.time().map_err(Into::into)
    }
}

struct Rounds<'p>(&'p mut dyn FnMut(usize, usize));

impl Observer for Rounds<'_> {
    fn sample(&mut self, _sample: Sample<'_>) -> Result<()> {
        Ok(())
    }

    fn round(&mut self, done: usize, all: usize) {
        (self.0)(done, all);
    }
}
