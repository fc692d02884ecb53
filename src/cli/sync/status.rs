//! `cfn sync status`.

use crate::cli::Verdict;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::ops::{self, SyncStatus};

/// Show what waits for the workflow database, and what it refused
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn sync status
  cfn sync status --json")]
pub(super) struct Args {
    /// The most refused deliveries to show
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Verdict, Failure> {
    let workflow = &context.settings.workflow;
    let mut store = context.open(Access::Read)?;
    let server = workflow.server.to_string();
    let status = ops::sync_status(&mut store, context.clock, workflow.enabled, server, args.limit)?;
    context.output.answer(&status)?;
    Ok(Verdict::Done)
}

impl Report for SyncStatus {
    fn text(&self, page: &mut Page) {
        let enabled = if self.enabled { "on" } else { "off (ENABLE_PHASE4_LOGGING is not true)" };
        page.line(format!("logging:   {enabled}"));
        page.line(format!("server:    {}", Visible(&self.server)));
        if let Some(seconds) = self.left_alone_seconds {
            page.line(format!("           could not be reached; left alone for {seconds} s more"));
        }
        let since = self.oldest.as_ref().map(|it| format!(", the oldest since {}", Visible(it))).unwrap_or_default();
        page.line(format!("waiting:   {}{since}", self.waiting));
        page.line(format!("set aside: {}", self.set_aside));
        if self.set_aside_rows.is_empty() {
            return;
        }
        page.line("");
        let row = |it: &crate::store::SetAside| {
            let created = it.created_at.clone().unwrap_or_default();
            vec![it.id.to_string(), it.kind.clone(), it.pattern_id.to_string(), created, it.reason.clone()]
        };
        page.table(&["id", "kind", "pattern", "created", "reason"], self.set_aside_rows.iter().map(row));
    }
}
