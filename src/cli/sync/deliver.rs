//! One delivery of what is queued, and its report.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Progress, Report};
use crate::cli::plural::counted;
use crate::model::Visible;
use crate::ops::{self, Retry, SyncReport};
use crate::store::Store;
use crate::workflow::ANSWER_TIMEOUT;

/// Delivers queued events, with a progress bar.
pub(super) fn deliver(context: &Context, store: &mut dyn Store, retry: Retry) -> Result<SyncReport, Failure> {
    let total = usize::try_from(ops::waiting(store)?).unwrap_or(usize::MAX);
    let mut bar = waiting(context, context.output.progress("delivering"))?;
    let report = ops::sync(store, context.clock, retry, &mut context.workflow()?, &mut |done| {
        bar.at(usize::try_from(done).unwrap_or(usize::MAX), total);
    })?;
    warn(context, &report);
    Ok(report)
}

/// Says at a terminal that the workflow database is waited for, if that takes a second.
pub(in crate::cli) fn waiting(context: &Context, progress: Progress) -> Result<Progress, Failure> {
    let server = context.settings.workflow_server()?.to_string();
    let most = ANSWER_TIMEOUT.as_secs();
    let line = format!("waiting for the workflow database {}, at most {most} s for an answer", Visible(server));
    let output = context.output;
    Ok(progress.waiting(move || output.note(&line)))
}

fn warn(context: &Context, report: &SyncReport) {
    let why = Visible(report.reason.as_deref().unwrap_or_default());
    for (count, became) in [
        (report.failed, "failed and will be retried"),
        (report.dead_letters, "became a dead letter ('cfn sync retry' queues it again)"),
    ] {
        match count {
            0 => {}
            1 => context.output.warn(&format!("a delivery {became}: {why}")),
            _ => context
                .output
                .warn(&format!("{count} deliveries {became}; the last one: {why}; 'cfn sync status' lists them")),
        }
    }
}

impl Report for SyncReport {
    fn text(&self, page: &mut Page) {
        if let Some(pulled) = &self.follow {
            pulled.text(page);
            if self.settled() == 0 {
                return;
            }
        }
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let delivered = self.delivered + self.delivered_before;
        page.line(format!("{delivered} delivered{failed}, {}", counted(self.dead_letters, "dead letter")));
    }
}
