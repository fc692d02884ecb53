//! `cfn edge-case list`.

use super::words::kinds;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Severity, SkillName};
use crate::ops::{self, EdgeCasesReport, ListEdgeCases};

/// List kinds of edge cases, the last recorded first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn edge-case list
  cfn edge-case list postgresql --open
  cfn edge-case list --severity high --json")]
pub(super) struct Args {
    /// Name of a skill [default: all]
    skill_name: Option<SkillName>,
    /// List only kinds with unresolved edge cases
    #[arg(long, conflicts_with = "resolved")]
    open: bool,
    /// List only resolved kinds
    #[arg(long)]
    resolved: bool,
    /// List only kinds with this severity: low, medium or high
    #[arg(long, value_parser = choice::severity())]
    severity: Option<Severity>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let open = (args.open || args.resolved).then_some(args.open);
    let request = ListEdgeCases { name: args.skill_name.as_ref(), open, severity: args.severity };
    let report = ops::list_edge_cases(context.open(Access::Read)?.as_mut(), &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for EdgeCasesReport {
    fn text(&self, page: &mut Page) {
        if self.kinds.is_empty() {
            return page.line("no edge cases");
        }
        kinds(page, &self.kinds);
    }
}
