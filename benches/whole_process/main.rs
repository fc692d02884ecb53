//! cfn as its user waits for it: whole processes, from start to end, in turn with the programs that it is compared with.
//!
//! `cargo bench --bench whole_process` measures everything, in some minutes. By environment:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `CFN_BENCH_GOALS` | which, by number, separated by commas; `folders` for skills of several files | `1,2,3,4,6,7,8` |
//! | `CFN_BENCH_RUNS` | counted runs of each side; a fifth of it where a run takes long | 100 |
//! | `CFN_BENCH_SKILLS` | skills in the large database of goals 3 and 8 | 100000 |
//! | `CFN_BENCH_BINARY` | a cfn to measure | an ordinary build, made in `target/ordinary` |
//! | `CFN_OTHER` | a cfn to compare with, in goal 10: `CFN_BENCH_GOALS=10 CFN_OTHER=old/cfn cargo bench --bench whole_process` | none |
//!
//! Compared where they are on the PATH: the `sqlite3` shell (package sqlite3), beck (`cargo install beck`), redis-server (package redis-server), and GNU time
//! (package time) for peak memory. What is missing is named in the report. The raw samples stay in `target/whole-process`.

#![expect(clippy::print_stdout, reason = "the report is the purpose")]

mod builds;
mod cache;
mod cache_parts;
mod folders;
mod goals;
mod measure;
mod memory;
mod project;
mod redis_server;
mod rivals;
mod search;

use std::env;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use measure::{Comparison, Result};

/// What is to be measured, and what was.
pub(crate) struct Bench {
    pub(crate) binary: PathBuf,
    /// For databases and files; emptied before and after.
    pub(crate) folder: PathBuf,
    pub(crate) runs: usize,
    pub(crate) many_skills: usize,
    samples: PathBuf,
    verdicts: Vec<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let number = |name: &str, default: usize| env::var(name).map_or(Ok(default), |text| text.parse());
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().ok_or("no target folder")?;
    let mut bench = Bench {
        binary: installed(&ordinary(target)?, "cfn")?,
        folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole-process"),
        runs: number("CFN_BENCH_RUNS", 100)?,
        many_skills: number("CFN_BENCH_SKILLS", 100_000)?,
        samples: target.join("whole-process"),
        verdicts: Vec::new(),
    };
    bench.clear()?;
    bench.describe_machine()?;
    let goals = env::var("CFN_BENCH_GOALS").unwrap_or_else(|_| "1,2,3,4,6,7,8".to_owned());
    for goal in goals.split(',') {
        match goal.trim() {
            "1" => goals::writes(&mut bench)?,
            "2" => goals::load(&mut bench)?,
            "3" => goals::scale(&mut bench)?,
            "4" => cache::query_cache(&mut bench)?,
            "6" => goals::import(&mut bench)?,
            "7" => goals::concurrent_loads(&mut bench)?,
            "8" => memory::peaks(&mut bench)?,
            "9" => {
                goals::pages(&mut bench)?;
                bench.clear()?;
                search::search(&mut bench)?;
            }
            "10" => {
                let other = env::var_os("CFN_OTHER").map(|it| installed(Path::new(&it), "other")).transpose()?;
                builds::beside(&mut bench, other.as_deref())?;
            }
            "folders" => folders::folders(&mut bench)?,
            other => return Err(format!("CFN_BENCH_GOALS: there is no goal {other}").into()),
        }
        bench.clear()?;
    }
    println!("\n## Goals\n");
    bench.verdicts.iter().for_each(|it| println!("* {it}"));
    Ok(())
}

/// A copy of the program, which is read from the disk at its first start. How the page cache holds a program decides over a tenth of
/// a load: what a linker wrote is there in single pages, which are mapped one by one, and what was copied, by chance.
fn installed(built: &Path, name: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    fs::create_dir_all(&folder)?;
    let copy = folder.join(name);
    fs::copy(built, &copy)?;
    let file = fs::File::open(&copy)?;
    file.sync_all()?;
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
    Ok(copy)
}

/// The program that users build. What cargo builds for a benchmark has in it what the tests' own crates ask of shared ones (tables of
/// Unicode, half a megabyte), and starts a twentieth slower.
fn ordinary(target: &Path) -> Result<PathBuf> {
    if let Some(binary) = env::var_os("CFN_BENCH_BINARY") {
        return Ok(binary.into());
    }
    let folder = target.join("ordinary");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--bin", "cfn", "--target-dir"]).arg(&folder);
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status()?.success();
    if built { Ok(folder.join("release/cfn")) } else { Err("cargo could not build cfn".into()) }
}

/// A line of the report.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

impl Bench {
    /// Writes a comparison into the report, keeps its samples, and hands it back.
    pub(crate) fn report(&self, name: &str, comparison: Comparison) -> Result<Comparison> {
        comparison.save(&self.samples, name)?;
        println!("\n### {}\n", comparison.what);
        println!("| ms | runs | min | mean | median | p95 | p99 | sd | ratio to the first, median of pairs |");
        println!("|---|---|---|---|---|---|---|---|---|");
        for (index, side) in comparison.sides.iter().enumerate() {
            let figures: Vec<_> = side.figures().iter().map(|it| format!("{it:.2}")).collect();
            let ratio = comparison.ratio(index);
            println!("| {} | {} | {} | {ratio:.2} |", side.name, side.nanoseconds.len(), figures.join(" | "));
        }
        Ok(comparison)
    }

    /// A line for the end of the report.
    pub(crate) fn verdict(&mut self, goal: impl Display, measured: impl Display, met: bool) {
        self.verdicts.push(format!("{goal}: {measured}: {}", if met { "met" } else { "missed" }));
    }

    /// Something that could not be measured here.
    pub(crate) fn not_measured(&mut self, goal: &str, why: &str) {
        self.verdicts.push(format!("{goal}: not measured: {why}"));
    }

    /// Runs that take a second or so.
    pub(crate) fn few_runs(&self) -> usize {
        (self.runs / 5).max(3)
    }

    pub(crate) fn clear(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        Ok(fs::create_dir_all(&self.folder)?)
    }

    fn describe_machine(&self) -> Result<()> {
        let first_line = |program: &str, argument: &str| {
            let output = Command::new(program).arg(argument).output().ok()?;
            String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
        };
        let or_missing = |found: Option<String>| found.unwrap_or_else(|| "not installed".to_owned());
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu
            .lines()
            .find_map(|it| it.strip_prefix("model name"))
            .unwrap_or("unknown")
            .trim_matches([':', '\t', ' ']);
        let cores = std::thread::available_parallelism()?;
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let file_system = Command::new("stat").args(["-f", "-c", "%T"]).arg(&self.folder).output()?;
        let built =
            if cfg!(debug_assertions) { "with debug assertions (not a measurement)" } else { "release profile" };
        println!("# cfn, whole processes\n");
        println!(
            "* machine: {cpu}, {cores} cores, Linux {}, {}",
            kernel.trim(),
            String::from_utf8_lossy(&file_system.stdout).trim()
        );
        println!("* cfn: {}, {built}", or_missing(first_line(&self.binary.to_string_lossy(), "--version")));
        println!(
            "* SQLite in cfn: {}; sqlite3 shell: {}",
            project::sqlite_version(self)?,
            or_missing(first_line("sqlite3", "--version"))
        );
        println!("* beck: {}", or_missing(first_line("beck", "--version")));
        Ok(())
    }
}
