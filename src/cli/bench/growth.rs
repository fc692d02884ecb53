//! `cfn bench growth`.

use std::path::PathBuf;
use std::time::Duration;

use super::scratch::{Scratch, interruption, own_program};
use super::{html, ms, publish};
use crate::bench::growth::{Growth, GrowthReport, growth};
use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};

/// What becomes of each operation when the database grows
///
/// For each size a database is made up in a temporary folder. Medians of whole processes, in turn; of the running 'load --batch' from
/// the request to the end of the answer. Beside them what the old system was expected to need at that size.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn bench growth --html growth.html
  cfn bench growth --skills 100,1000 --usage-rows 1000000 --json")]
pub(in crate::cli) struct Args {
    /// How many skills, one database each
    #[arg(long, value_delimiter = ',', default_value = "100,1000,10000,100000", value_name = "N,N",
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    skills: Vec<u32>,
    /// Rows of the usage log in each
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    usage_rows: usize,
    /// Counted runs of each operation, as long as one size takes no longer than 20 s
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Also write a page with charts to this file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let (scratch, stop, cfn) = (Scratch::new()?, interruption()?, own_program()?);
    let (mut live, mut shown) = (context.output.progress("filling"), 0);
    let sizes: Vec<usize> = args.skills.iter().map(|it| *it as usize).collect();
    let request = Growth {
        sizes: &sizes,
        usage_rows: args.usage_rows,
        rounds: args.runs as usize,
        limit: Duration::from_secs(20),
        folder: scratch.path(),
        cfn: &cfn,
        create: &|path| {
            let own = context.with_database(path);
            own.create_new()?;
            own.open_new(Access::Write)
        },
        stop: &stop,
    };
    let report = growth(&request, &mut |done, all| {
        if all != shown {
            // Filling a database, and then measuring with it.
            live = context.output.progress(if all > 1000 { "filling" } else { "measuring" });
            shown = all;
        }
        live.at(done, all);
    })?;
    drop(live);
    context.output.answer(&report)?;
    if let Some(path) = &args.html {
        publish(context, path, &html::growth(&report, &context.clock.database_time()))?;
    }
    Ok(Verdict::Done)
}

impl Report for GrowthReport {
    fn text(&self, page: &mut Page) {
        page.heading("Median in ms (times the size before)");
        let (header, cells) = rows(self);
        page.table(&header.iter().map(String::as_str).collect::<Vec<_>>(), cells);
        page.line("");
        page.heading("What the old system was expected to need");
        page.table(&["skills", "database", "here", "query", "load here"], projected(self));
    }
}

/// The names of the columns, and a row for each size.
pub(super) fn rows(report: &GrowthReport) -> (Vec<String>, Vec<Vec<String>>) {
    let operations = report.sizes.first().map(|it| it.operations.as_slice()).unwrap_or_default();
    let mut header = vec!["skills".to_owned(), "database".to_owned()];
    header.extend(operations.iter().map(|it| it.operation.to_owned()));
    header.push("memory of load".to_owned());
    let rows = report.sizes.iter().map(|size| {
        let mut row = vec![size.skills.to_string(), mebibytes(size.database_bytes)];
        row.extend(size.operations.iter().map(|it| {
            let median = it.figures.map_or("-".to_owned(), |it| ms(it.median));
            it.growth.map_or(median.clone(), |growth| format!("{median} ({growth:.2})"))
        }));
        row.push(mebibytes(size.load_peak_kib * 1024));
        row
    });
    (header, rows.collect())
}

/// What the reference expects of each size, beside what there is.
pub(super) fn projected(report: &GrowthReport) -> Vec<Vec<String>> {
    let rows = report.sizes.iter().filter_map(|size| {
        let it = size.projected?;
        let load = size.operations.iter().find(|it| it.operation == "load")?.figures?.median;
        let bytes = mebibytes(size.database_bytes);
        Some(vec![size.skills.to_string(), it.database.to_owned(), bytes, it.query.to_owned(), ms(load) + " ms"])
    });
    rows.collect()
}

pub(super) fn mebibytes(bytes: u64) -> String {
    let kibibytes = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    format!("{:.1} MiB", f64::from(kibibytes) / 1024.0)
}
