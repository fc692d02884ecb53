//! `cfn bench growth`.

use std::path::PathBuf;
use std::time::Duration;

use super::publish::publish;
use super::scratch::{Scratch, own_program};
use super::{html, table};
use crate::bench::growth::{Growth, GrowthReport, Phase, growth};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::interruption::Interruption;
use crate::cli::output::{Page, Report};
use crate::model::Exit;

/// Measure how each operation scales with the size of the database
///
/// Generates a database of each size in a temporary folder, and measures whole processes, in turn; for 'load --batch',
/// the time from a request to its answer. Shows the medians beside the old system's projection for that size.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn bench growth --html growth.html
  cfn bench growth --skills 100,1000 --usage-rows 1000000 --json")]
pub(in crate::cli) struct Args {
    /// Numbers of skills, one database for each
    #[arg(long, value_delimiter = ',', default_value = "100,1000,10000,100000", value_name = "N,N",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    skills: Vec<u32>,
    /// Number of rows in each usage log
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    usage_rows: usize,
    /// Maximum number of runs of each operation, within 20 s per size
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Also write an HTML page with charts to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &Args, stop: &Interruption) -> Result<Exit, Failure> {
    let (scratch, cfn) = (Scratch::new()?, own_program()?);
    let (mut live, mut shown) = (context.output.progress("filling"), Phase::Filling);
    let opening = context.with_database(&scratch.path().join("skills.db")).opening(Access::Write)?;
    let sizes: Vec<usize> = args.skills.iter().map(|it| *it as usize).collect();
    let request = Growth {
        sizes: &sizes,
        usage_rows: args.usage_rows,
        rounds: args.runs as usize,
        limit: Duration::from_secs(20),
        folder: scratch.path(),
        cfn: &cfn,
        create: &|path| {
            let database = opening.at(path);
            database.create()?;
            database.open(Access::Write)
        },
        stop: stop.flag(),
    };
    let report = growth(&request, &mut |phase, done, all| {
        if phase != shown {
            let what = if phase == Phase::Filling { "filling" } else { "measuring" };
            (live, shown) = (context.output.progress(what), phase);
        }
        live.at(done, all);
    })?;
    drop(live);
    context.output.answer(&report)?;
    if let Some(path) = &args.html {
        publish(context, path, &html::growth(&report, context.clock.moment().as_str()))?;
    }
    Ok(Exit::Done)
}

impl Report for GrowthReport {
    fn text(&self, page: &mut Page) {
        page.heading("Median in ms (ratio to the previous size)");
        let (header, cells) = table::sizes(self);
        page.table(&header.iter().map(String::as_str).collect::<Vec<_>>(), cells);
        page.line("");
        page.heading("Projection for the old system");
        page.table(&["skills", "database", "here", "query", "load here"], table::projected(self));
    }
}
