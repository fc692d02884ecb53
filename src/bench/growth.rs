//! Measures how each operation scales with the size of the database.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Serialize, Serializer};

use super::batch::served_again;
use super::error::{Error, Result, file};
use super::measure::{FEWEST_ROUNDS, Measurer, Observer, Plan, Sample, in_turn};
use super::statistics::Summary;
use super::workload::{Workload, agent_of, fill, skill_name, write_skill};
use crate::clock::Clock;
use crate::process::Program;
use crate::store::Store;

/// The reference's projection: number of skills, size of the database, time of a query.
const PROJECTED: [(usize, &str, &str); 3] =
    [(100, "~2 MB", "25-70 ms"), (1000, "~20 MB", "30-90 ms"), (10_000, "~200 MB", "100-500 ms")];

/// Number of processes whose memory is measured; the maximum is reported.
const MEMORY_LOOKS: usize = 5;

/// A growth benchmark to run.
pub struct Growth<'a> {
    /// The sizes, in numbers of skills.
    pub sizes: &'a [usize],
    /// Number of rows in each usage log.
    pub usage_rows: usize,
    /// Number of measured rounds for each size.
    pub rounds: usize,
    /// Time limit for each size.
    pub limit: Duration,
    /// The folder for the databases, one at a time.
    pub folder: &'a Path,
    /// This program.
    pub cfn: &'a Path,
    /// Creates a database.
    pub create: &'a dyn Fn(&Path) -> crate::store::Result<Box<dyn Store>>,
    /// Set by a signal to stop early, with the samples so far.
    pub stop: &'a AtomicBool,
}

/// The report of a growth benchmark.
#[derive(Debug, Clone, Serialize)]
pub struct GrowthReport {
    /// The version of this format.
    pub format: u32,
    /// The results for each size.
    pub sizes: Vec<Size>,
}

/// The results for one size.
#[derive(Debug, Clone, Serialize)]
pub struct Size {
    /// Number of skills.
    pub skills: usize,
    /// Number of rows in the usage log.
    pub usage_rows: usize,
    /// Size of the database file.
    pub database_bytes: u64,
    /// Time to fill the database.
    pub filled_in_seconds: f64,
    /// The operations.
    pub operations: Vec<Grown>,
    /// Peak memory of a process that loads an agent's skills.
    pub load_peak_kib: u64,
    /// The reference's projection for this size.
    pub projected: Option<Projected>,
}

/// A measured operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A new skill.
    Deploy,
    /// New bytes for a skill.
    Update,
    /// An agent's skills.
    Load,
    /// An agent's skills, from a process that has served them before.
    LoadInBatch,
    /// The overview of the reports.
    Overview,
    /// All skills.
    List,
}

impl Subject {
    /// The measured operations, in order of the report.
    pub const ALL: [Self; 6] = [Self::Deploy, Self::Update, Self::Load, Self::LoadInBatch, Self::Overview, Self::List];

    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Update => "update",
            Self::Load => "load",
            Self::LoadInBatch => "load in a running --batch",
            Self::Overview => "analytics overview",
            Self::List => "list",
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// An operation at one size.
#[derive(Debug, Clone, Serialize)]
pub struct Grown {
    /// The operation.
    pub operation: Subject,
    /// Its statistics.
    pub figures: Option<Summary>,
    /// The ratio of its median to that of the previous size.
    pub growth: Option<f64>,
    /// All samples, in order.
    pub samples_ms: Vec<f64>,
}

/// A row of the reference's table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Projected {
    /// The size of the database.
    pub database: &'static str,
    /// The time of a query.
    pub query: &'static str,
}

/// A phase of the work on one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Generating the database.
    Filling,
    /// Measuring.
    Measuring,
}

/// Receives the phase, and the amounts done and in total.
pub type Progress<'p> = &'p mut dyn FnMut(Phase, usize, usize);

/// Measures one size after another.
pub fn growth(request: &Growth<'_>, progress: Progress<'_>) -> Result<GrowthReport> {
    let mut sizes: Vec<Size> = Vec::new();
    for &skills in request.sizes {
        let folder = request.folder.join(format!("growth-{skills}"));
        std::fs::create_dir_all(&folder).map_err(file("could not create the folder", &folder))?;
        let size = match measure(request, skills, &folder, sizes.last(), progress) {
            // The earlier sizes are worth a report.
            Err(Error::Interrupted) if !sizes.is_empty() => break,
            size => size?,
        };
        std::fs::remove_dir_all(&folder).map_err(file("could not remove the folder", &folder))?;
        sizes.push(size);
        if request.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(GrowthReport { format: 1, sizes })
}

fn measure(
    request: &Growth<'_>,
    skills: usize,
    folder: &Path,
    before: Option<&Size>,
    progress: Progress<'_>,
) -> Result<Size> {
    let (database, since) = (folder.join("skills.db"), Instant::now());
    let workload = Workload { skills, usage_rows: request.usage_rows, used_skills: usize::MAX };
    let mut filling = |done, all| {
        progress(Phase::Filling, done, all);
        if request.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    };
    fill((request.create)(&database)?.as_mut(), &workload, Clock::System, &mut filling)?;
    let filled_in_seconds = since.elapsed().as_secs_f64();
    let database_bytes = std::fs::metadata(&database).map_err(file("could not look at", &database))?.len();
    let mut operations = Operations { cfn: request.cfn.to_owned(), folder: folder.to_owned(), skills };
    let plan = Plan {
        warm_up: 2,
        rounds: request.rounds,
        limit: Some(request.limit),
        fewest: FEWEST_ROUNDS,
        stop: request.stop,
    };
    let taken = in_turn(&mut operations, &plan, &mut Rounds(progress))?;
    let load = || cfn(request.cfn, folder).args(["load", &agent_of(skills / 2, skills)]).peak_kib();
    let load_peak_kib =
        (0..MEMORY_LOOKS).map(|_| load()).collect::<crate::process::Result<Vec<_>>>()?.into_iter().max().unwrap_or(0);
    let grown = Subject::ALL.into_iter().zip(taken).enumerate().map(|(index, (operation, samples))| {
        let figures = Summary::of(&samples.milliseconds);
        let previous = before.and_then(|it| it.operations.get(index)?.figures);
        let growth = figures.zip(previous).map(|(now, previous)| now.median / previous.median);
        Grown { operation, figures, growth, samples_ms: samples.milliseconds }
    });
    let projected = PROJECTED.iter().rfind(|(from, ..)| skills >= *from && (skills == *from || *from == 10_000));
    Ok(Size {
        skills,
        usage_rows: request.usage_rows,
        database_bytes,
        filled_in_seconds,
        operations: grown.collect(),
        load_peak_kib,
        projected: projected.map(|&(_, database, query)| Projected { database, query }),
    })
}

struct Rounds<'p>(Progress<'p>);

impl Observer for Rounds<'_> {
    fn sample(&mut self, _sample: Sample<'_>) -> Result<()> {
        Ok(())
    }

    fn round(&mut self, done: usize, all: usize) {
        (self.0)(Phase::Measuring, done, all);
    }
}

fn cfn(path: &Path, folder: &Path) -> Program {
    Program::new(path, folder).args(["--db", "skills.db"])
}

/// Measures whole processes, and requests to a running one.
struct Operations {
    cfn: PathBuf,
    folder: PathBuf,
    skills: usize,
}

impl Measurer for Operations {
    fn subjects(&self) -> Vec<String> {
        Subject::ALL.map(|it| it.name().to_owned()).to_vec()
    }

    fn measure(&mut self, subject: usize, round: usize) -> Result<Duration> {
        let agent = agent_of(round * 7, self.skills);
        let program = cfn(&self.cfn, &self.folder);
        match Subject::ALL[subject] {
            Subject::Deploy => {
                let (name, path) = self.write(self.skills + round, 0)?;
                program
                    .args(["deploy", "42", &name, &path, "domain", "backend-developer,api-designer"])
                    .time()
                    .map_err(Into::into)
            }
            Subject::Update => {
                let revision = 1 + (round / self.skills) as u64;
                let (name, path) = self.write(round % self.skills, revision)?;
                program.args(["update", &name, &format!("1.0.{revision}"), &path]).time().map_err(Into::into)
            }
            Subject::Load => program.args(["load", &agent]).time().map_err(Into::into),
            Subject::Overview => program.args(["analytics"]).time().map_err(Into::into),
            Subject::List => program.args(["skill", "list"]).time().map_err(Into::into),
            Subject::LoadInBatch => served_again(&program, &agent),
        }
    }
}

impl Operations {
    fn write(&self, number: usize, revision: u64) -> Result<(String, String)> {
        let path = write_skill(&self.folder, number, revision)?;
        Ok((skill_name(number), path.to_string_lossy().into_owned()))
    }
}
