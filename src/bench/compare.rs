//! Compares `deploy` and `update` of cfn with those of the old scripts, with one batch, and with other commands: in
//! turn, each on its own database.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::Serialize;

use super::error::{Result, file};
use super::measure::{FEWEST_ROUNDS, Measurer, Observer, Plan, in_turn};
use super::rows::Rows;
use super::statements::{self, AGENTS};
use super::statistics::{Ratio, Summary, median_of_ratios};
use super::workload::{skill_name, write_skill};
use crate::process::Program;
use crate::store::Store;

/// Opens the database at a path.
pub type Open<'a> = &'a dyn Fn(&Path) -> crate::store::Result<Box<dyn Store>>;

/// A comparison to make.
pub struct Compare<'a> {
    /// A generated database, of which each side gets a copy.
    pub database: &'a Path,
    /// Number of skills in it.
    pub skills: usize,
    /// The folder for the copies.
    pub folder: &'a Path,
    /// This program.
    pub cfn: &'a Path,
    /// The `sqlite3` shell.
    pub shell: &'a Path,
    /// Other commands, each with its name.
    pub others: &'a [(String, String)],
    /// Number of measured rounds.
    pub rounds: usize,
    /// Time limit.
    pub limit: Duration,
    /// Opens a copy, to compare its rows.
    pub open: Open<'a>,
    /// Set by a signal to stop early.
    pub stop: &'a AtomicBool,
}

/// The report of a comparison.
#[derive(Debug, Clone, Serialize)]
pub struct CompareReport {
    /// The version of this format.
    pub format: u32,
    /// Number of skills in the database.
    pub skills: usize,
    /// Deploy and update.
    pub operations: Vec<Compared>,
}

/// The ways to do one operation.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// `deploy` or `update`.
    pub operation: &'static str,
    /// The ways; cfn is the first.
    pub ways: Vec<Way>,
}

/// A way to do an operation.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    /// Its name.
    pub way: String,
    /// Its statistics; `None` if no run completed.
    pub figures: Option<Summary>,
    /// The ratio to cfn, from pairs; `None` for cfn itself.
    pub times_cfn: Option<Ratio>,
    /// Whether it wrote the same rows as cfn.
    pub same_rows: bool,
    /// All samples, in order.
    pub samples_ms: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Deploy,
    Update,
}

enum Side {
    Cfn,
    Batch,
    Statements,
    Other(String),
}

struct Comparison<'a> {
    request: &'a Compare<'a>,
    operation: Write,
    sides: Vec<(String, Side, PathBuf)>,
}

/// Number of warm-up rounds.
const WARM_UP: usize = 2;

/// Compares them. `progress` gets the number of rounds done and in total.
pub fn compare(request: &Compare<'_>, progress: &mut dyn FnMut(usize, usize)) -> Result<CompareReport> {
    let mut sides = vec![("cfn".to_owned(), Side::Cfn), ("sqlite3, one batch".to_owned(), Side::Batch)];
    sides.push(("sqlite3, a process a statement".to_owned(), Side::Statements));
    sides.extend(request.others.iter().map(|(name, command)| (name.clone(), Side::Other(command.clone()))));
    let placed = sides.into_iter().enumerate().map(|(index, (name, side))| {
        let folder = request.folder.join(format!("side-{index}"));
        std::fs::create_dir_all(&folder).map_err(file("could not create the folder", &folder))?;
        let copy = folder.join("skills.db");
        std::fs::copy(request.database, &copy).map_err(file("could not copy the database to", &copy))?;
        Ok((name, side, folder))
    });
    let mut measured = Comparison { request, operation: Write::Deploy, sides: placed.collect::<Result<Vec<_>>>()? };
    let mut operations = Vec::new();
    for (index, operation) in [Write::Deploy, Write::Update].into_iter().enumerate() {
        measured.operation = operation;
        let plan = Plan {
            warm_up: WARM_UP,
            rounds: request.rounds,
            limit: Some(request.limit / 2),
            fewest: FEWEST_ROUNDS,
            stop: request.stop,
        };
        let mut heard = Heard { before: index, progress };
        let taken = in_turn(&mut measured, &plan, &mut heard)?;
        operations.push(measured.compared(taken.into_iter().map(|it| it.milliseconds).collect())?);
    }
    Ok(CompareReport { format: 1, skills: request.skills, operations })
}

struct Heard<'p> {
    before: usize,
    progress: &'p mut dyn FnMut(usize, usize),
}

impl Observer for Heard<'_> {
    fn sample(&mut self, _sample: super::Sample<'_>) -> Result<()> {
        Ok(())
    }

    fn round(&mut self, done: usize, all: usize) {
        (self.progress)(self.before * all + done, 2 * all);
    }
}

impl Measurer for Comparison<'_> {
    fn subjects(&self) -> Vec<String> {
        self.sides.iter().map(|(name, ..)| name.clone()).collect()
    }

    fn measure(&mut self, subject: usize, round: usize) -> Result<Duration> {
        let (_, side, folder) = &self.sides[subject];
        let (number, revision) = self.what(round);
        let path = write_skill(folder, number, revision)?;
        let path = path.to_string_lossy();
        let statements = || match self.operation {
            Write::Deploy => statements::deploy(number, &path),
            Write::Update => statements::update(number, revision, &path),
        };
        let shell = |sql: String| {
            let arguments = ["-batch", "-bail", "-cmd", ".timeout 5000", "skills.db"];
            Program::new(self.request.shell, folder).args(arguments).input(sql)
        };
        match side {
            Side::Cfn => self.cfn(folder, number, revision, &path).time().map_err(Into::into),
            Side::Batch => shell(statements::batch(&statements())).time().map_err(Into::into),
            Side::Statements => statements().into_iter().map(|it| shell(it).time().map_err(Into::into)).sum(),
            Side::Other(command) => self.other(command, folder, number, revision, &path).time().map_err(Into::into),
        }
    }
}

impl Comparison<'_> {
    /// The skill and the revision of a round.
    fn what(&self, round: usize) -> (usize, u64) {
        match self.operation {
            Write::Deploy => (self.request.skills + round, 0),
            Write::Update => (round % self.request.skills, 1 + (round / self.request.skills) as u64),
        }
    }

    fn cfn(&self, folder: &Path, number: usize, revision: u64, path: &str) -> Program {
        let (name, version) = (skill_name(number), format!("1.0.{revision}"));
        let program = Program::new(self.request.cfn, folder).args(["--db", "skills.db"]);
        match self.operation {
            Write::Deploy => program.args(["deploy", "42", &name, path, "domain", &AGENTS.join(",")]),
            Write::Update => program.args(["update", &name, &version, path]),
        }
    }

    /// Another command, with the caller's environment and the variables for its task.
    fn other(&self, command: &str, folder: &Path, number: usize, revision: u64, path: &str) -> Program {
        Program::new(Path::new("/bin/sh"), folder)
            .args(["-c", command])
            .inheriting()
            .env("CFN_SKILLS_DB_PATH", folder.join("skills.db"))
            .env("CFN_BENCH_OPERATION", self.name())
            .env("CFN_BENCH_SKILL", skill_name(number))
            .env("CFN_BENCH_VERSION", format!("1.0.{revision}"))
            .env("CFN_BENCH_FILE", path)
            .env("CFN_BENCH_AGENTS", AGENTS.join(","))
    }

    fn name(&self) -> &'static str {
        match self.operation {
            Write::Deploy => "deploy",
            Write::Update => "update",
        }
    }

    fn compared(&self, samples: Vec<Vec<f64>>) -> Result<Compared> {
        // The last round that all sides completed.
        let last = (WARM_UP + samples.iter().map(Vec::len).min().unwrap_or(0)).saturating_sub(1);
        let rows = |folder: &Path| {
            let mut store = (self.request.open)(&folder.join("skills.db"))?;
            Rows::of(store.as_mut(), &skill_name(self.what(last).0))
        };
        let expected = rows(&self.sides[0].2)?;
        let ours = samples.first().cloned().unwrap_or_default();
        let ways = self.sides.iter().zip(samples).enumerate().map(|(index, ((name, _, folder), samples_ms))| {
            Ok(Way {
                way: name.clone(),
                figures: Summary::of(&samples_ms),
                times_cfn: if index == 0 { None } else { median_of_ratios(&ours, &samples_ms) },
                same_rows: rows(folder)? == expected,
                samples_ms,
            })
        });
        Ok(Compared { operation: self.name(), ways: ways.collect::<Result<Vec<_>>>()? })
    }
}
