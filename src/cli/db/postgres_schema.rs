//! `cfn db postgres-schema`.

use serde::Serialize;

use crate::cli::Verdict;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::workflow::SCHEMA;

/// Print the tables that cfn needs in the workflow database, as SQL
///
/// Tables that exist are never changed; other columns in them are no trouble.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db postgres-schema
  cfn db postgres-schema | psql workflow_codification
  cfn db postgres-schema --apply")]
pub(super) struct Args {
    /// Create the tables that are missing, on the server that the environment names
    #[arg(long)]
    apply: bool,
}

/// The SQL, and whether it was run.
#[derive(Debug, Serialize)]
struct SchemaReport {
    sql: &'static str,
    applied_to: Option<String>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let mut report = SchemaReport { sql: SCHEMA, applied_to: None };
    if args.apply {
        context.workflow()?.create_tables()?;
        report.applied_to = Some(context.settings.workflow.server.to_string());
    }
    context.output.answer(&report)?;
    Ok(Verdict::Done)
}

impl Report for SchemaReport {
    fn text(&self, page: &mut Page) {
        match &self.applied_to {
            Some(server) => page.line(format!("{} has all tables", crate::model::Visible(server))),
            None => page.body(self.sql),
        }
    }
}
