//! `cfn bench compare`.

use std::path::PathBuf;
use std::time::Duration;

use super::html;
use super::publish::publish;
use super::scratch::{Scratch, find, make_up_database, own_program};
use super::table::{self, FIGURES};
use crate::bench::compare::{Compare, CompareReport, compare};
use crate::bench::workload::Workload;
use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::interruption::Interruption;
use crate::cli::output::{Page, Report};
use crate::model::Exit;

/// Time limit.
const LIMIT: Duration = Duration::from_secs(60);

/// Compare deploy and update with the old way
///
/// The old way runs one 'sqlite3' process per statement; its batched form runs one process with one transaction. Both
/// write the same rows as cfn, each on its own copy of a generated database, in turn (A B C A B C). The old scripts
/// took even longer: only their statements are measured here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A command given with --with is run by 'sh -c' in a temporary folder, once for each deploy and each update. It finds what to do in
CFN_SKILLS_DB_PATH, CFN_BENCH_OPERATION (deploy or update), CFN_BENCH_SKILL, CFN_BENCH_VERSION, CFN_BENCH_FILE and CFN_BENCH_AGENTS.

Examples:
  cfn bench compare
  cfn bench compare --skills 5000 --runs 100 --html compare.html
  cfn bench compare --with 'scripts=./old-way.sh' --json")]
pub(in crate::cli) struct Args {
    /// Also measure this command, under this name; may be repeated
    #[arg(long, value_name = "NAME=COMMAND", value_parser = named)]
    with: Vec<(String, String)>,
    /// Number of skills in the database
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    skills: u32,
    /// Maximum number of runs of each way, within one minute
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Also write an HTML page with charts to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

fn named(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, command)| !name.trim().is_empty() && !command.trim().is_empty());
    let (name, command) = parts.ok_or("expected NAME=COMMAND")?;
    Ok((name.trim().to_owned(), command.to_owned()))
}

pub(super) fn run(context: &Context, args: &Args, stop: &Interruption) -> Result<Exit, Failure> {
    let shell = find("sqlite3").ok_or_else(|| {
        let message = "the old way needs the sqlite3 shell, which is not on the PATH";
        Failure::new(FailureKind::ProgramNotStarted, message, "Install the package sqlite3.")
    })?;
    let (scratch, cfn) = (Scratch::new()?, own_program()?);
    let own = context.with_database(&scratch.database());
    let skills = args.skills as usize;
    make_up_database(&own, Workload { skills, usage_rows: 0, used_skills: usize::MAX }, stop)?;
    let opening = own.opening(Access::Write)?;
    let mut progress = context.output.progress("comparing");
    let request = Compare {
        database: &scratch.database(),
        skills,
        folder: scratch.path(),
        cfn: &cfn,
        shell: &shell,
        others: &args.with,
        rounds: args.runs as usize,
        limit: LIMIT,
        open: &|path| opening.at(path).open(Access::Read),
        stop: stop.flag(),
    };
    let report = compare(&request, &mut |done, all| progress.at(done, all))?;
    drop(progress);
    context.output.answer(&report)?;
    if let Some(path) = &args.html {
        publish(context, path, &html::compare(&report, context.clock.moment().as_str()))?;
    }
    for way in report.operations.iter().flat_map(|it| it.ways.iter().filter(|way| !way.same_rows)) {
        context.output.warn(&format!("{} wrote other rows than cfn, so the times are not comparable", way.way));
    }
    Ok(Exit::Done)
}

impl Report for CompareReport {
    fn text(&self, page: &mut Page) {
        let mut header = vec!["operation (ms)", "way"];
        header.extend(FIGURES);
        header.extend(["times cfn", "95 % interval"]);
        let rows = self.operations.iter().flat_map(|compared| {
            compared.ways.iter().map(|way| [vec![compared.operation.to_owned()], table::way(way)].concat())
        });
        page.table(&header, rows);
        page.line("");
        page.line(format!("Whole processes, in turn, each with its own database of {} skills.", self.skills));
    }
}
