//! `cfn bench stress`.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;

use super::scratch::{Scratch, own_program, place_database};
use super::table::ms;
use crate::bench::stress::{Crew, Live, Mix, Stress, StressReport, StressSample, stress};
use crate::bench::workload::Workload;
use crate::cache::Class;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::process::Program;

/// Run many workers on one database, and verify every acknowledged write
///
/// Each worker is a thread with its own connection, since SQLite locks by connection; with --processes, each operation
/// is a cfn process. The database is generated in a temporary folder, or copied from --db. At the end, every
/// acknowledged deploy, update and usage row is verified, and the database is checked; exits 10 if anything is lost or
/// wrong. With a Redis server, loads use the query cache according to --cache, and each sample includes the server's
/// statistics.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn bench stress
  cfn bench stress --workers 64 --duration 60s
  cfn bench stress --workers 8 --duration 5m --mix load=50,log=50 --processes
  cfn bench stress --db .claude/skills-database/skills.db --duration 30s --json")]
pub(in crate::cli) struct Args {
    /// Number of workers
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    workers: u16,
    /// Duration of the test
    #[arg(long, default_value = "300s", value_parser = duration, value_name = "TIME")]
    duration: Duration,
    /// Operations, and the relative frequency of each
    #[arg(long, default_value = "load=80,log=15,deploy=3,update=2")]
    mix: Mix,
    /// Run each operation as a process
    #[arg(long)]
    processes: bool,
    /// Number of skills in a generated database
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    skills: u32,
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.parse::<SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
    parsed.filter(|it| !it.is_zero()).ok_or_else(|| "expected a duration such as 300s or 5m".to_owned())
}

pub(super) fn run(context: &Context, args: &Args, stop: &Interruption) -> Result<Exit, Failure> {
    let scratch = Scratch::new()?;
    let own = context.with_database(&scratch.database());
    place_database(
        context,
        &own,
        &scratch,
        Workload { skills: args.skills as usize, usage_rows: 0, used_skills: usize::MAX },
        stop,
    )?;
    let (open, project) = (own.opening(Access::Write)?.opener(), own.project()?);
    let cfn = program(&own)?;
    if args.processes && context.settings.redis()?.is_some() && env::var_os("CFN_REDIS_URL").is_none() {
        context.output.note("with --processes, set CFN_REDIS_URL: a password must not be on a command line");
    }
    let line = context.output.live();
    let redis = context.redis()?;
    let operations = || redis.as_ref()?.operations_per_second();
    let cache = own.cache_shared(&[Class::Load])?;
    let request = Stress {
        workers: usize::from(args.workers),
        duration: args.duration,
        mix: args.mix,
        crew: if args.processes { Crew::Processes(&cfn) } else { Crew::Threads },
        open: &open,
        folder: scratch.path(),
        project: &project,
        cache: cache.as_ref(),
        redis: redis.is_some().then_some(&operations),
        stop: stop.flag(),
    };
    let report = stress(&request, &mut |now| show(&line, &now))?;
    drop(line);
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.is_sound(), Exit::Target))
}

/// This program, to run on that database.
fn program(own: &Context) -> Result<Program, Failure> {
    let database = own.settings.database()?;
    let folder = database.file().and_then(Path::parent).unwrap_or(&own.settings.current_folder);
    let cfn = Program::new(&own_program()?, folder).args(["--db"]).args([database.as_argument()]);
    let redis = env::vars_os().filter(|(name, _)| concerns_redis(name));
    Ok(redis.fold(cfn, |cfn, (name, value)| cfn.env(name, value)))
}

/// Only these environment variables are passed to the processes.
fn concerns_redis(variable: &OsStr) -> bool {
    variable.to_str().is_some_and(|it| it == "CFN_CACHE" || it.starts_with("CFN_REDIS_"))
}

fn show(line: &crate::cli::output::Live, now: &Live<'_>) {
    if let Some(sample) = now.sample {
        line.keep(&cells(sample).join("  "));
    }
    line.say(format!(
        "{:.0} s: {}, {}",
        now.seconds,
        counted(now.operations, "operation"),
        counted(now.errors, "error")
    ));
}

const SAMPLE: [&str; 8] = ["s", "operations", "a second", "p99 ms", "slowest ms", "errors", "lock waits", "memory KiB"];

fn cells(it: &StressSample) -> Vec<String> {
    let mut cells = vec![
        format!("{:.0}", it.seconds),
        it.operations.to_string(),
        format!("{:.0}", it.operations_per_second),
        ms(it.p99_ms),
        ms(it.slowest_ms),
        it.errors.to_string(),
        it.lock_waits.map_or("-".to_owned(), |it| format!("{} ({:.0} ms)", it.count, it.total_ms)),
        it.memory_kib.to_string(),
    ];
    cells.extend(it.redis_operations_per_second.map(|it| format!("{it:.0} Redis operations a second")));
    cells
}

impl Report for StressReport {
    fn text(&self, page: &mut Page) {
        page.heading(&format!("{} {} for {:.1} s, {}", self.workers, self.by, self.seconds, self.mix));
        page.table(&SAMPLE, self.samples.iter().map(cells));
        page.line("");
        let rows = self.operations.iter().map(|it| {
            let figures = [it.per_second, it.mean_ms, it.p50_ms, it.p95_ms, it.p99_ms, it.p999_ms, it.slowest_ms];
            let mut row = vec![it.operation.name().to_owned(), it.count.to_string(), it.errors.to_string()];
            row.extend(figures.map(ms));
            row
        });
        let header = ["operation (ms)", "count", "errors", "a second", "mean", "p50", "p95", "p99", "p99.9", "slowest"];
        page.table(&header, rows);
        page.line("");
        page.line(format!("{} operations, {:.0} a second", self.count, self.per_second));
        if let Some(it) = self.lock_waits {
            page.line(format!(
                "{} for a lock, {:.1} s in all over all workers",
                counted(it.count, "wait"),
                it.total_ms / 1000.0
            ));
        }
        for it in &self.errors {
            page.line(format!("{}: {}: {}", counted(it.count, "error"), it.kind, Visible(&it.first)));
        }
        if self.interrupted {
            page.line("interrupted before the end");
        }
        let it = &self.verification;
        for problem in &it.problems {
            page.line(format!("wrong: {}", Visible(problem)));
        }
        let verdict = if it.problems.is_empty() { "no problems" } else { "PROBLEMS FOUND" };
        page.line(format!(
            "verified: {} versions, {} usage rows, {} contents hashed: {verdict}",
            it.versions, it.usage_rows, it.contents
        ));
    }
}
