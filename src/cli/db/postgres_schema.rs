//! `cfn db postgres-schema`.

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::sync::waiting;
use crate::model::{Exit, Visible};
use crate::workflow::{Misfit, Problem, SCHEMA};

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
    /// Columns that do not fit what cfn writes.
    misfits: Vec<Misfit>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut report = SchemaReport { sql: SCHEMA, applied_to: None, misfits: Vec::new() };
    if args.apply {
        let waiting = waiting(context, context.output.progress("creating tables"))?;
        report.misfits = context.workflow()?()?.create_tables()?;
        drop(waiting);
        report.applied_to = Some(context.settings.workflow_server()?.to_string());
    }
    context.output.answer(&report)?;
    for it in &report.misfits {
        context.output.warn(&Visible(sentence(it)).to_string());
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

fn sentence(misfit: &Misfit) -> String {
    let Misfit { column, problem, found, needed, remedy } = misfit;
    let (found, needed) = (found.as_deref().unwrap_or_default(), needed.as_deref().unwrap_or_default());
    let what = match problem {
        Problem::Missing => format!("is not there, and cfn writes {needed}: its deliveries wait until it is"),
        Problem::OtherType => format!("is {found}, and cfn writes {needed}: its deliveries become dead letters"),
        Problem::Narrower => {
            format!("is {found}, and cfn writes {needed}: rows with a value that it does not hold become dead letters")
        }
        Problem::NotNull => format!("is NOT NULL, and cfn writes {needed} or NULL: rows with NULL become dead letters"),
        Problem::WithoutDefault => {
            format!("is {found} NOT NULL without a default, and cfn does not write it: all rows become dead letters")
        }
        Problem::Generated | Problem::Identity => {
            format!("is {found} that the server computes, and cfn writes it: its deliveries become dead letters")
        }
    };
    let remedy = match (remedy, problem) {
        (Some(sql), Problem::WithoutDefault) => format!("; give it a default, or run '{sql}'"),
        (None, Problem::WithoutDefault) => "; give it a default".to_owned(),
        (Some(sql), _) => format!("; run '{sql}'"),
        (None, _) => String::new(),
    };
    format!("{column} {what}{remedy}")
}

fn columns(count: usize) -> String {
    if count == 1 { "1 column does".to_owned() } else { format!("{count} columns do") }
}
