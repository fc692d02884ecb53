//! `cfn bench sql`.

use std::sync::Arc;
use std::time::Duration;

use super::scratch::{find, own_program};
use super::table::{FIGURES, figures};
use crate::bench::sql::{Sql, SqlReport, measure, shell};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::process::Program;
use crate::store::{Inspect, Store, Trial};

/// Measure a SELECT on this database
///
/// Measures the statement in one connection, as a process of the 'sqlite3' shell (if installed), and as a cfn process
/// that opens the database. Also shows the query plan, with warnings about full scans and sorting. The database is
/// opened read-only; any other statement is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn bench sql \"SELECT * FROM skills WHERE name = 'test'\"
  cfn bench sql 'SELECT count(*) FROM skill_usage_log' --iterations 100 --json")]
pub(in crate::cli) struct Args {
    /// A single SELECT
    statement: String,
    /// Number of runs in one connection; a twentieth of it as processes, at most 50
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    iterations: u64,
    /// Time limit for each way; a single run that takes longer is an error
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    limit: u64,
    /// Run it once, without output: the process that is measured
    #[arg(long, hide = true)]
    pub(super) once: bool,
}

/// The process that is measured.
pub(super) fn once(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let (limit, stop) = (Duration::from_secs(args.limit), Arc::default());
    let trial = Trial { statement: &args.statement, iterations: 0, limit, stop: &stop };
    inspected(context.open(Access::Read)?.as_mut())?.measure(&trial, &mut |_| {})?;
    Ok(Exit::Done)
}

fn inspected(store: &mut dyn Store) -> Result<&mut dyn Inspect, Failure> {
    let message = "the engine of this database does not show what a statement does";
    store.inspect().ok_or_else(|| Failure::input(message, "Name a database in a file."))
}

pub(super) fn run(context: &Context, args: &Args, stop: &Interruption) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Read)?;
    let (limit, settings) = (Duration::from_secs(args.limit), &context.settings);
    let database = settings.database()?;
    let once = ["bench", "sql", "--once", "--db"];
    let cfn = Program::new(&own_program()?, &settings.current_folder).args(once).args([database.as_argument()]);
    let mut programs = vec![("a cfn process".to_owned(), cfn.args(["--", &args.statement]))];
    match find("sqlite3").zip(database.file()) {
        Some((path, database)) => {
            let program = shell(&path, &settings.current_folder, database, &args.statement);
            programs.push(("a sqlite3 process".to_owned(), program));
        }
        None => context.output.note("the sqlite3 shell is not measured: it is not on the PATH"),
    }
    let mut progress = context.output.progress("measuring processes");
    let request = Sql {
        statement: &args.statement,
        iterations: args.iterations,
        process_iterations: usize::try_from(args.iterations.div_ceil(20)).unwrap_or(50).min(50),
        limit,
        programs,
        stop: stop.flag(),
    };
    let report = measure(inspected(store.as_mut())?, request, &mut |done, all| progress.at(done, all))?;
    drop(progress);
    context.output.answer(&report)?;
    for warning in &report.report.warnings {
        context.output.warn(&Visible(warning).to_string());
    }
    Ok(Exit::Done)
}

impl Report for SqlReport {
    fn text(&self, page: &mut Page) {
        let mut header = vec!["ms"];
        header.extend(FIGURES);
        let rows = self.ways.iter().map(|it| {
            let mut row = vec![it.way.clone()];
            row.extend(figures(it.figures.as_ref()));
            row
        });
        page.table(&header, rows);
        page.line("");
        page.heading("Plan");
        for step in &self.report.plan {
            page.line(format!("{}{}", "  ".repeat(step.depth), Visible(&step.detail)));
        }
        page.line("");
        let it = &self.report;
        page.line(format!(
            "Each run returns {} rows, scans {}, sorts {} times, and takes {} instructions.",
            it.rows, it.scanned, it.sorts, it.steps
        ));
    }
}
