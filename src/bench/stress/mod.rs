//! Many at once on one database, for a while: what it takes, who waits for whom, and whether every acknowledged write is there.
//!
//! Workers are threads, each with a connection of its own: what `load --batch` and `log --batch` are for SQLite, which locks by
//! connection and does not know whether two of them are in one process. It costs no process start, so the database is what is
//! stressed. With [`Crew::Processes`] each operation is a whole process, as agents' scripts call cfn.

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

pub use client::Database;
pub use mix::{InvalidMix, Kind, Mix};
pub use report::{ErrorCount, LockFigures, OperationFigures, StressReport, StressSample, Verification};

use self::client::{Client, Connected, Processes};
use self::figures::{Figures, Totals, float, resident_kib};
use self::verify::verify;
use self::worker::{Promises, Targets, Worker};
use crate::bench::error::{Error, Result};
use crate::cache::{Cache, Disabled};
use crate::model::AgentType;
use crate::ops::{self, Project};
use crate::process::Program;
use crate::store::{NameKind, Store};

/// Between two samples.
const SAMPLE: Duration = Duration::from_secs(10);

/// Between two looks at the workers.
const LOOK: Duration = Duration::from_millis(200);

/// Agent types that are loaded, and skills that are logged: some of each, from all over the database.
const MOST_TARGETS: usize = 200;

/// Who does the work.
#[derive(Debug)]
pub enum Crew<'a> {
    /// Threads, each with a connection that stays open.
    Threads,
    /// A process for each operation: this program, set up for the database.
    Processes(&'a Program),
}

/// What to do.
pub struct Stress<'a> {
    /// How many work at once.
    pub workers: usize,
    /// For how long.
    pub duration: Duration,
    /// What they do.
    pub mix: Mix,
    /// How they do it.
    pub crew: Crew<'a>,
    /// Opens the database for writing; every thread does.
    pub open: &'a (dyn Fn() -> crate::store::Result<Box<dyn Database>> + Sync),
    /// The folder of the database, for the files that are deployed.
    pub folder: &'a Path,
    /// Where content paths are counted from.
    pub project: &'a Project,
    /// The query cache of the threads.
    pub cache: &'a (dyn Cache + Sync),
    /// Operations a second of the Redis server, where one is used.
    pub redis: Option<&'a (dyn Fn() -> Option<f64> + Sync)>,
    /// Set from outside to end early.
    pub stop: &'a AtomicBool,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// Since the beginning.
    pub seconds: f64,
    /// Acknowledged so far.
    pub operations: u64,
    /// Refused so far.
    pub errors: u64,
    /// The last sample, as it is taken.
    pub sample: Option<&'a StressSample>,
}

/// Works, and verifies. `live` hears of it a few times a second.
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

/// Collects until all workers have ended; they end by themselves when the time is over or they are stopped.
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
            totals.sample(seconds.as_secs_f64(), resident_kib(), redis)
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

/// Some agent types with what each gets now, some skills, and how many skills there are.
fn targets(store: &mut dyn Database) -> Result<(Targets, usize)> {
    let snapshot = Store::read(store)?;
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

/// The agent type that is served the most skills, of some from all over the database; and how many those are.
pub(super) fn most_served(store: &mut dyn Database) -> Result<(AgentType, usize)> {
    let (targets, _) = targets(store)?;
    let most = targets.agents.into_iter().rev().max_by_key(|(_, served)| *served);
    most.filter(|(_, served)| *served > 0).ok_or_else(nobody)
}

fn nobody() -> Error {
    let line = "the database to work on".to_owned();
    Error::WrongAnswer { line, what: "no agent type is mapped to a skill that may be served".to_owned() }
}

fn some(names: Vec<String>) -> impl Iterator<Item = String> {
    let every = names.len().div_ceil(MOST_TARGETS).max(1);
    names.into_iter().step_by(every)
}

/// Of threads: this process. Of processes: one load, which is like the others.
fn memory_kib(request: &Stress<'_>, targets: &Targets) -> u64 {
    match request.crew {
        Crew::Threads => resident_kib(),
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
