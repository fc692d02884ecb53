//! `cfn skill pending`.

use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::dates::minute;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{ApprovalLevel, Category, Exit};
use crate::ops::{self, Pending, PendingReport};

/// List skills that wait for review, longest first
///
/// A decision may take 48 hours at level escalate, and 7 days at level human. With --overdue, exits 7 if any took
/// longer. Files and scripts lie beside SKILL.md, and are decided on with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill pending
  cfn skill pending --level human --category domain
  cfn skill pending --overdue --json")]
pub(super) struct Args {
    /// List only overdue decisions; exits 7 if there are any
    #[arg(long)]
    overdue: bool,
    /// List only skills of this approval level: auto, escalate or human
    #[arg(long, value_name = "LEVEL", visible_alias = "approval-level", value_parser = choice::level())]
    level: Option<ApprovalLevel>,
    /// List only skills of this category
    #[arg(long, value_parser = choice::category())]
    category: Option<Category>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let category = args.category.map(Category::as_str);
    let request = Pending { level: args.level, category, overdue: args.overdue };
    let report = ops::pending(context.open(Access::Read)?.as_mut(), context.clock, &request)?;
    context.output.answer(&report)?;
    Ok(Exit::done_if(!(args.overdue && report.overdue > 0), Exit::Refused))
}

impl Report for PendingReport {
    fn text(&self, page: &mut Page) {
        if self.pending.is_empty() {
            return page.line("no skill waits for review");
        }
        let rows = self.pending.iter().map(|it| {
            let count = |number: usize| if number == 0 { String::new() } else { number.to_string() };
            let hours = |hours: Option<f64>| hours.map_or_else(String::new, lasting);
            vec![
                it.name.clone(),
                it.version.clone(),
                count(it.files),
                count(it.scripts),
                it.approval_level.to_string(),
                hours(it.waited_hours),
                it.due.as_ref().map(minute).unwrap_or_default(),
                if it.overdue { "overdue" } else { "" }.to_owned(),
            ]
        });
        page.table(&["name", "version", "files", "scripts", "level", "waited", "due", ""], rows);
    }
}

/// Hours in a readable unit.
fn lasting(hours: f64) -> String {
    if hours >= 48.0 { format!("{:.1} d", hours / 24.0) } else { format!("{hours:.1} h") }
}
