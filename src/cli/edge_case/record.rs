//! `cfn edge-case record`.

use super::words::{short, text};
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Severity, SkillName, Visible};
use crate::ops::{self, RecordEdgeCase, RecordedEdgeCase};

/// Record an edge case; prints its id, its kind and how often that was recorded
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn edge-case record postgresql --description 'drops the wrong table' --severity high
  cfn edge-case record postgresql --description 'no schema' --failure 'no such table' --input '{}'")]
pub(super) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// What happened
    #[arg(long, value_name = "TEXT", value_parser = text)]
    description: String,
    /// Reason for the failure, such as the error message; part of the kind
    #[arg(long, value_name = "TEXT", alias = "error-message", value_parser = text)]
    failure: Option<String>,
    /// Input, as text or JSON; part of the kind
    #[arg(long, value_name = "TEXT", alias = "input-params", value_parser = text)]
    input: Option<String>,
    /// Expected output
    #[arg(long, value_name = "TEXT", alias = "expected-output", value_parser = text)]
    expected: Option<String>,
    /// Actual output
    #[arg(long, value_name = "TEXT", alias = "actual-output", value_parser = text)]
    actual: Option<String>,
    /// How bad it is: low, medium or high
    #[arg(long, value_parser = choice::severity())]
    severity: Option<Severity>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let request = RecordEdgeCase {
        name: &args.skill_name,
        description: &args.description,
        failure: args.failure.as_deref(),
        input: args.input.as_deref(),
        expected: args.expected.as_deref(),
        actual: args.actual.as_deref(),
        severity: args.severity,
        dry_run: args.dry_run,
    };
    let report = ops::record_edge_case(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for RecordedEdgeCase {
    fn text(&self, page: &mut Page) {
        let (kind, times) = (short(&self.kind), counted(self.count, "time"));
        page.line(match self.id {
            Some(id) => format!("edge case {id}: kind {kind}, recorded {times}"),
            None => {
                format!("dry run: would record an edge case of {}: kind {kind}, recorded {times}", Visible(&self.skill))
            }
        });
    }
}
