//! `cfn db postgres-schema`.

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::workflow::{Misfit, SCHEMA};

/// Print SQL for the tables that cfn needs in the workflow database
///
/// Existing tables are never changed, and may have additional columns.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db postgres-schema
  cfn db postgres-schema | psql workflow_codification
  cfn db postgres-schema --apply")]
pub(super) struct Args {
    /// Create missing tables on the configured server
    #[arg(long)]
    apply: bool,
}

#[derive(Debug, Serialize)]
struct SchemaReport {
    sql: &'static str,
    applied_to: Option<String>,
    /// Columns whose type does not fit what cfn writes.
    misfits: Vec<Misfit>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut report = SchemaReport { sql: SCHEMA, applied_to: None, misfits: Vec::new() };
    if args.apply {
        report.misfits = context.workflow()?()?.create_tables()?;
        report.applied_to = Some(context.settings.workflow_server()?.to_string());
    }
    context.output.answer(&report)?;
    for Misfit { column, found, needed } in &report.misfits {
        let found = found.as_ref().map_or_else(|| "is not there".to_owned(), |it| format!("is {it}"));
        let message = format!("{column} {found}, and cfn writes {needed}: its deliveries become dead letters");
        context.output.warn(&Visible(message).to_string());
    }
    Ok(Exit::Done)
}

impl Report for SchemaReport {
    fn text(&self, page: &mut Page) {
        match &self.applied_to {
            Some(server) if self.misfits.is_empty() => page.line(format!("{} has all tables", Visible(server))),
            Some(server) => {
                page.line(format!("{} has all tables; {} not fit", Visible(server), columns(self.misfits.len())));
            }
            None => page.body(self.sql),
        }
    }
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column does".to_owned() } else { format!("{count} columns do") }
}
