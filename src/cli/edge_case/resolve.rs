//! `cfn edge-case resolve`.

use super::words::{short, text};
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{EdgeCaseName, Exit, Visible};
use crate::ops::{self, ResolveEdgeCases, ResolvedReport};

/// Resolve edge cases, or all of a kind
///
/// 'cfn update --resolves' resolves them together with a new version.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn edge-case resolve 7 --note 'cannot happen any more'
  cfn edge-case resolve 3fa9c1d2 8 --dry-run")]
pub(super) struct Args {
    /// Ids, or at least 8 digits of the hash of a kind
    #[arg(value_name = "ID|HASH", required = true)]
    edge_cases: Vec<EdgeCaseName>,
    /// How they were resolved
    #[arg(long, value_name = "TEXT", value_parser = text)]
    note: Option<String>,
    /// Report what would be done, without committing it
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let request = ResolveEdgeCases { names: &args.edge_cases, note: args.note.as_deref(), dry_run: args.dry_run };
    let report = ops::resolve_edge_cases(context.open(Access::Write)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for ResolvedReport {
    fn text(&self, page: &mut Page) {
        let dry = if self.dry_run { "dry run: " } else { "" };
        for case in &self.resolved {
            let skill = case.skill.as_deref().unwrap_or("(gone)");
            let state = if case.already { "was resolved before" } else { "resolved" };
            page.line(format!("{dry}edge case {} of {} ({}): {state}", case.id, Visible(skill), short(&case.kind)));
        }
    }
}
