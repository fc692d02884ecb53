//! `cfn sync status`.

use crate::cli::context::{Access, Context};
use crate::cli::dates::minute;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::ops::{self, SyncStatus};
use crate::settings::Queued;
use crate::store::Undelivered;

/// Show queued events and dead letters
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn sync status
  cfn sync status --json")]
pub(super) struct Args {
    /// Maximum number of failed deliveries and dead letters to show
    #[arg(long, default_value_t = 20, value_name = "N")]
    limit: usize,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let server = context.settings.workflow_server()?.to_string();
    let queued = context.settings.queued()?;
    let queued = (queued == Queued::Everything, queued != Queued::Nothing);
    let mut store = context.open(Access::Read)?;
    let status = ops::sync_status(store.as_mut(), context.clock, queued, server, args.limit)?;
    context.output.answer(&status)?;
    Ok(Exit::Done)
}

impl Report for SyncStatus {
    fn text(&self, page: &mut Page) {
        let enabled = match (self.enabled, self.deployments) {
            (true, _) => "on",
            (false, true) => "deployments only (ENABLE_PHASE4_LOGGING is not true)",
            (false, false) => "off (ENABLE_PHASE4_LOGGING is not true)",
        };
        page.line(format!("logging:      {enabled}"));
        page.line(format!("server:       {}", Visible(&self.server)));
        if let Some(seconds) = self.backoff_seconds {
            page.line(format!("              unreachable; backoff for another {seconds} s"));
        }
        let since =
            self.oldest.as_ref().map(|it| format!(", the oldest since {}", Visible(minute(it)))).unwrap_or_default();
        page.line(format!("waiting:      {}{since}", self.waiting));
        page.line(format!("failing:      {}", self.failing));
        page.line(format!("dead letters: {}", self.dead_letters));
        for (heading, rows) in [("Failing", &self.failing_rows), ("Dead letters", &self.dead_letter_rows)] {
            if !rows.is_empty() {
                page.heading(&format!("\n{heading}"));
                page.table(&["id", "kind", "pattern", "created", "reason"], rows.iter().map(row));
            }
        }
    }
}

fn row(it: &Undelivered) -> Vec<String> {
    let created = it.created_at.as_ref().map(minute).unwrap_or_default();
    vec![it.id.to_string(), it.kind.clone(), it.pattern_id.to_string(), created, it.reason.clone()]
}
