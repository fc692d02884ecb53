//! Runs many workers on one database, measures times and lock waits, and verifies every acknowledged write.
//!
//! Workers are threads, each with its own connection, like `load --batch` and `log --batch`: SQLite locks by
//! connection, whether in one process or in several. Without process starts, the load is on the database. With
//! [`Crew::Processes`] each operation is a process, as in agents' scripts.

mod client;
mod figures;
mod mix;
mod report;
mod verify;
mod worker;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

pub use mix::{InvalidMix, Kind, Mix};
pub use report::{ErrorCount, LockFigures, OperationFigures, StressReport, StressSample, Verification};

use self::client::{Client, Connected, Processes};
use self::figures::{Figures, Totals, float};
use self::verify::verify;
use self::worker::{Promises, Targets, Worker};
use crate::bench::error::{Error, Result};
use crate::cache::{Cache, Disabled};
use crate::linux::ProcessStatus;
use crate::model::AgentType;
use crate::ops::{self, Project};
use crate::process::Program;
use crate::store::{NameKind, Store};

/// Interval between samples.
const SAMPLE: Duration = Duration::from_secs(10);

/// Interval for polling the workers.
const LOOK: Duration = Duration::from_millis(200);

/// Maximum number of agent types to load and of skills to log, spread over the database.
const MOST_TARGETS: usize = 200;

/// How the work is done.
#[derive(Debug)]
pub enum Crew<'a> {
    /// By threads, each with a long-lived connection.
    Threads,
    /// By a process for each operation: this program, set up for the database.
    Processes(&'a Program),
}

/// A stress test to run.
pub struct Stress<'a> {
    /// Number of workers.
    pub workers: usize,
    /// Duration.
    pub duration: Duration,
    /// The mix of operations.
    pub mix: Mix,
    /// How the work is done.
    pub crew: Crew<'a>,
    /// Opens the database for writing, once per thread.
    pub open: &'a (dyn Fn() -> crate::store::Result<Box<dyn Store>> + Sync),
    /// The folder of the database, for deployed files.
    pub folder: &'a Path,
    /// The folder that content paths are relative to.
    pub project: &'a Project,
    /// The query cache of the threads.
    pub cache: &'a (dyn Cache + Sync),
    /// Operations per second of the Redis server, if one is configured.
    pub redis: Option<&'a (dyn Fn() -> Option<f64> + Sync)>,
    /// Set by a signal to stop early.
    pub stop: &'a AtomicBool,
}

/// The progress of a run.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// Seconds since the start.
    pub seconds: f64,
    /// Acknowledged operations so far.
    pub operations: u64,
    /// Failed operations so far.
    pub errors: u64,
    /// A new sample.
    pub sample: Option<&'a StressSample>,
}

/// Runs the workers, and verifies their writes. `live` gets the progress a few times per second.
pub fn stress(request: &Stress<'_>, live: &mut dyn FnMut(Live<'_>)) -> Result<StressReport> {
    let (targets, skills) = targets((request.open)()?.as_mut())?;
    let mut workers = (0..request.workers)
        .map(|number| Worker::new(number, request.mix, &targets, request.folder))
        .collect::<Result<Vec<_>>>()?;
    let mut clients = (0..request.workers).map(|_| client(request)).collect::<Result<Vec<_>>>()?;
    for (worker, client) in workers.iter_mut().zip(&mut clients) {
        worker.begin(client.as_mut())?;
    }
    drop(clients);
    let figures = Figures::new(request.workers, request.duration, request.stop);
    let mut totals = Totals::new()?;
    let finished: Vec<Result<Promises>> = thread::scope(|scope| {
        let threads: Vec<_> = workers
            .into_iter()
            .map(|mut worker| {
                let figures = &figures;
                scope.spawn(move || {
                    let mut client = client(request)?;
                    worker.work(client.as_mut(), figures).map(|()| worker.promises)
                })
            })
            .collect();
        watch(request, &figures, &mut totals, &|| threads.iter().all(thread::ScopedJoinHandle::is_finished), live);
        let lost = || Err(Error::Defect("a worker panicked"));
        threads.into_iter().map(|it| it.join().unwrap_or_else(|_| lost())).collect()
    });
    let seconds = figures.since.elapsed().as_secs_f64();
    totals.collect(&figures);
    totals.sample(seconds, memory_kib(request, &targets), request.redis.and_then(|it| it()));
    let promises = finished.into_iter().collect::<Result<Vec<_>>>()?;
    let verification = verify((request.open)()?.as_mut(), promises)?;
    Ok(report(request, &totals, seconds, skills, verification))
}

/// Collects figures until all workers have ended, which they do when the time is over or a signal arrives.
fn watch(
    request: &Stress<'_>,
    figures: &Figures<'_>,
    totals: &mut Totals,
    ended: &dyn Fn() -> bool,
    live: &mut dyn FnMut(Live<'_>),
) {
    let mut next = SAMPLE;
    while !ended() {
        let look = Instant::now();
        totals.collect(figures);
        let seconds = figures.since.elapsed();
        let due = seconds >= next && figures.goes_on();
        let (operations, errors) = totals.counts();
        let sample = due.then(|| {
            next += SAMPLE;
            let redis = request.redis.and_then(|it| it());
            totals.sample(seconds.as_secs_f64(), ProcessStatus::own().resident_kib(), redis)
        });
        live(Live { seconds: seconds.as_secs_f64(), operations, errors, sample });
        thread::sleep(LOOK.saturating_sub(look.elapsed()).min(request.duration / 20 + Duration::from_millis(1)));
    }
}

fn client<'a>(request: &Stress<'a>) -> Result<Box<dyn Client + 'a>> {
    Ok(match request.crew {
        Crew::Threads => Box::new(Connected::new((request.open)()?, request.cache, request.project)),
        Crew::Processes(cfn) => Box::new(Processes { cfn: cfn.clone() }),
    })
}

/// Some agent types with their numbers of skills, some skills, and the total number of skills.
fn targets(store: &mut dyn Store) -> Result<(Targets, usize)> {
    let snapshot = store.read()?;
    let (agents, skills) = (snapshot.names(NameKind::AgentType)?, snapshot.names(NameKind::Skill)?);
    drop(snapshot);
    let count = skills.len();
    let skills = some(skills).map(|it| it.parse()).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut loaded = Vec::new();
    for agent in some(agents) {
        let agent: AgentType = agent.parse()?;
        let wrong = |error: ops::Error| Error::WrongAnswer { line: format!("load {agent}"), what: error.to_string() };
        let served = ops::load(store, &Disabled, &client::load(&agent)).map_err(wrong)?.skills.len();
        loaded.push((agent, served));
    }
    if loaded.is_empty() || skills.is_empty() {
        return Err(nobody());
    }
    Ok((Targets { agents: loaded, skills }, count))
}

/// Among a sample of agent types, the one with the most skills, and their number.
pub(super) fn most_served(store: &mut dyn Store) -> Result<(AgentType, usize)> {
    let (targets, _) = targets(store)?;
    let most = targets.agents.into_iter().rev().max_by_key(|(_, served)| *served);
    most.filter(|(_, served)| *served > 0).ok_or_else(nobody)
}

fn nobody() -> Error {
    let line = "the database to work on".to_owned();
    Error::WrongAnswer { line, what: "no agent type is mapped to a skill that can be served".to_owned() }
}

fn some(names: Vec<String>) -> impl Iterator<Item = String> {
    let every = names.len().div_ceil(MOST_TARGETS).max(1);
    names.into_iter().step_by(every)
}

/// The memory of this process for threads, or of one load for processes.
fn memory_kib(request: &Stress<'_>, targets: &Targets) -> u64 {
    match request.crew {
        Crew::Threads => ProcessStatus::own().resident_kib(),
        Crew::Processes(cfn) => {
            let agent = targets.agents.first().map_or("", |(agent, _)| agent.as_str());
            cfn.clone().args(["load", agent]).peak_kib().unwrap_or(0)
        }
    }
}

fn report(
    request: &Stress<'_>,
    totals: &Totals,
    seconds: f64,
    skills: usize,
    verification: Verification,
) -> StressReport {
    let (count, _) = totals.counts();
    let (by, memory_of) = match request.crew {
        Crew::Threads => ("threads", "this process with all its connections"),
        Crew::Processes(_) => ("processes", "this process; at the end one load"),
    };
    StressReport {
        format: 1,
        workers: request.workers,
        by,
        mix: request.mix.to_string(),
        skills,
        seconds,
        interrupted: seconds < request.duration.as_secs_f64(),
        count,
        per_second: float(count) / seconds.max(1e-3),
        operations: totals.operations(seconds),
        lock_waits: totals.lock_waits(),
        errors: totals.errors(),
        memory_of,
        memory_peak_kib: totals.samples.iter().map(|it| it.memory_kib).max().unwrap_or(0),
        samples: totals.samples.clone(),
        verification,
    }
}
