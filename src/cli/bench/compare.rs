//! `cfn bench compare`.

use std::path::PathBuf;
use std::time::Duration;

use super::interruption::Interruption;
use super::scratch::{Scratch, find, make_up_database, own_program};
use super::table::{self, FIGURES};
use super::{html, publish};
use crate::bench::compare::{Compare, CompareReport, compare};
use crate::bench::workload::Workload;
use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};

/// When to end, whatever was reached.
const LIMIT: Duration = Duration::from_secs(60);

/// Deploy and update: cfn beside the old way
///
/// The old way is one 'sqlite3' process for each statement; its batched form is one process and one transaction. They write the rows
/// that cfn writes, each side on a copy of the same made-up database, in turn (A B C A B C). The old scripts took longer still:
/// only their statements are run here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A command given with --with is run by 'sh -c' in a temporary folder, once for each deploy and each update. It finds what to do in
CFN_SKILLS_DB_PATH, CFN_BENCH_OPERATION (deploy or update), CFN_BENCH_SKILL, CFN_BENCH_VERSION, CFN_BENCH_FILE and CFN_BENCH_AGENTS.

Examples:
  cfn bench compare
  cfn bench compare --skills 5000 --runs 100 --html compare.html
  cfn bench compare --with 'scripts=./old-way.sh' --json")]
pub(in crate::cli) struct Args {
    /// Another command, with a name for the table; may be given more than once
    #[arg(long, value_name = "NAME=COMMAND", value_parser = named)]
    with: Vec<(String, String)>,
    /// Skills in the database
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    skills: u32,
    /// Counted runs of each side, as long as all takes no longer than a minute
    #[arg(long, default_value_t = 40, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Also write a page with charts to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

fn named(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, command)| !name.trim().is_empty() && !command.trim().is_empty());
    let (name, command) = parts.ok_or("it must be NAME=COMMAND")?;
    Ok((name.trim().to_owned(), command.to_owned()))
}

pub(super) fn run(context: &Context, args: &Args, stop: &Interruption) -> Result<Verdict, Failure> {
    let shell = find("sqlite3").ok_or_else(|| {
        let message = "the sqlite3 shell, which the old way needs, is not on the PATH";
        Failure::new(1, "program_not_started", message, "Install it: the package is called sqlite3.")
    })?;
    let (scratch, cfn) = (Scratch::new()?, own_program()?);
    let own = context.with_database(&scratch.database());
    let skills = args.skills as usize;
    make_up_database(&own, Workload { skills, usage_rows: 0 }, stop)?;
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
        publish(context, path, &html::compare(&report, &context.clock.database_time()))?;
    }
    for way in report.operations.iter().flat_map(|it| it.ways.iter().filter(|way| !way.same_rows)) {
        context.output.warn(&format!("{} left other rows than cfn, so its time is that of other work", way.way));
    }
    Ok(Verdict::Done)
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
        page.line(format!("Whole processes, in turn, each on a database of {} skills of its own.", self.skills));
    }
}
