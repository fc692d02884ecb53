//! The reference's table: seven operations, measured in turn on one database, and compared with targets and a baseline.

mod baseline;
mod machine;
mod operation;
mod report;
mod run;
mod work;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use baseline::{Change, Compared, Comparison};
pub use machine::Machine;
pub use operation::{Operation, points, score};
pub use report::{Drifting, Noise, ReportRow, Row, SuiteReport};
pub use run::{About, Build, Ending, FORMAT, MeasuredDatabase, Recorder, Run};

use self::baseline::FEWEST;
use self::work::Work;
use super::error::{Error, Result};
use super::measure::{Measurer, Observer, Plan, Sample, in_turn};
use super::stress::most_served;
use super::system::{Image, system};
use crate::clock::Clock;
use crate::linux::Ticks;
use crate::ops;
use crate::process::Program;
use crate::store::{DatabaseStatus, Store, StoreError};

/// Number of warm-up rounds.
const WARM_UP: usize = 2;

/// A benchmark suite to run.
pub struct Suite<'a> {
    /// This program, set up for the database.
    pub cfn: &'a Program,
    /// The folder of the database, for deployed files.
    pub folder: &'a Path,
    /// `generated`, or `copy` of the user's database.
    pub origin: &'static str,
    /// Opens the database for writing. It is closed during measurements: an open connection would change the work of
    /// the measured processes when they close theirs.
    pub open: &'a dyn Fn() -> crate::store::Result<Box<dyn Store>>,
    /// Measures the response time of the Redis server, if one is configured.
    pub redis: Option<&'a dyn Fn() -> Option<Duration>>,
    /// An image for agents, if the start of a container is to be measured.
    pub image: Option<Image<'a>>,
    /// Number of measured rounds.
    pub rounds: usize,
    /// Time limit.
    pub limit: Duration,
    /// The clock.
    pub clock: Clock,
    /// Set by a signal to stop early, with the samples so far.
    pub stop: &'a AtomicBool,
}

/// Measures, and records each sample immediately. `progress` gets the number of rounds done and in total.
pub fn measure(suite: &Suite<'_>, recorder: &mut Recorder, progress: &mut dyn FnMut(usize, usize)) -> Result<Run> {
    let mut store = (suite.open)()?;
    let DatabaseStatus::File(status) = store.care().status()? else {
        return Err(StoreError::NoFile.into());
    };
    let (agent, _) = most_served(store.as_mut())?;
    let waited = ops::waiting(store.as_mut()).map_err(|it| unreadable(&it))?;
    let system = system(suite.cfn, store.as_mut(), &agent, suite.redis, suite.image)?;
    drop(store);
    let count = |table: &str| status.counts.iter().find(|(it, _)| it == table).map_or(0, |(_, count)| *count);
    let rows = |table: &str| u64::try_from(count(table)).unwrap_or(0);
    let about = About {
        format: FORMAT,
        cfn: env!("CARGO_PKG_VERSION").to_owned(),
        build: Build::this(),
        sqlite: status.sqlite_version.clone(),
        machine: Machine::this(),
        database: MeasuredDatabase {
            origin: suite.origin.to_owned(),
            skills: rows("skills"),
            usage_rows: rows("skill_usage_log"),
            bytes: status.size_bytes + status.wal_bytes,
        },
        started_at: suite.clock.moment().to_string(),
        planned_rounds: suite.rounds,
        system,
    };
    let mut work = Work::new(suite.cfn, suite.folder, agent);
    let plan =
        Plan { warm_up: WARM_UP, rounds: suite.rounds, limit: Some(suite.limit), fewest: FEWEST, stop: suite.stop };
    let run = record(about, &mut work, &plan, recorder, progress)?;
    let queued = ops::waiting((suite.open)()?.as_mut()).map_err(|it| unreadable(&it))?.saturating_sub(waited);
    if queued < work.logged as u64 {
        let what = format!("{} executions were logged, but only {queued} events are queued", work.logged);
        return Err(Error::WrongAnswer { line: "cfn log".to_owned(), what });
    }
    Ok(run)
}

fn unreadable(error: &ops::Error) -> Error {
    Error::WrongAnswer { line: "the outbox".to_owned(), what: error.to_string() }
}

/// Measures and records, independent of the subjects.
fn record(
    about: About,
    measurer: &mut dyn Measurer,
    plan: &Plan<'_>,
    recorder: &mut Recorder,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Run> {
    recorder.about(&about)?;
    let before = Ticks::now();
    let samples = in_turn(measurer, plan, &mut Recording { recorder, progress })?;
    let other_work = Ticks::now().zip(before).and_then(|(now, before)| now.others_since(before));
    let ending = Ending { interrupted: plan.stop.load(Ordering::Relaxed), other_work };
    recorder.ending(&ending)?;
    Ok(Run { about, ending, samples })
}

struct Recording<'a> {
    recorder: &'a mut Recorder,
    progress: &'a mut dyn FnMut(usize, usize),
}

impl Observer for Recording<'_> {
    fn sample(&mut self, sample: Sample<'_>) -> Result<()> {
        self.recorder.sample(sample)
    }

    fn round(&mut self, done: usize, all: usize) {
        (self.progress)(done, all);
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests;
