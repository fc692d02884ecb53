//! `cfn skill history`.

use crate::cache::Class;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::named::NamedOne;
use crate::cli::output::{Page, Report};
use crate::model::{Exit, VersionRecord, Visible};
use crate::ops::{self, History, HistoryReport, UsageReport};

/// Show the versions of a skill and their approvals
#[derive(Debug, clap::Args)]
#[command(override_usage = "cfn skill history [OPTIONS] <SKILL_NAME>")]
#[command(after_help = "\
Examples:
  cfn skill history postgresql
  cfn skill history postgresql --usage --json")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    named: NamedOne,
    /// Also show its usage, newest first
    #[arg(long)]
    usage: bool,
    /// Maximum number of usage rows
    #[arg(long, default_value_t = 1000, value_name = "N", requires = "usage")]
    limit: usize,
}

impl Args {
    pub(in crate::cli) fn request(&self) -> Result<History, Failure> {
        Ok(History { name: self.named.name()?.clone(), usage: self.usage.then_some(self.limit) })
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let cache = context.cache(Class::History)?;
    let report = ops::history(context.open_for_few_rows()?.as_mut(), cache.as_ref(), &args.request()?)?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for HistoryReport {
    fn text(&self, page: &mut Page) {
        page.heading(&format!("status {}, approval level {}", Visible(&self.status), self.approval_level));
        page.heading("\nversions");
        versions(page, &self.versions);
        page.heading("\ndecisions");
        let rows = self.approvals.iter().map(|it| {
            let hash = it.content_hash.as_deref().map_or("unknown", |it| it.get(..12).unwrap_or(it));
            vec![
                it.timestamp.as_ref().map(ToString::to_string).unwrap_or_default(),
                it.version.clone(),
                it.decision.to_string(),
                it.approval_level.to_string(),
                it.approver.clone().unwrap_or_default(),
                hash.to_owned(),
                it.reasoning.clone().unwrap_or_default(),
            ]
        });
        let header = ["when", "version", "decision", "level", "approver", "bytes", "reason"];
        page.table_without(&["level", "approver"], &header, rows);
        if let Some(usage) = &self.usage {
            page.heading("\nusage");
            UsageReport { usage: usage.clone() }.text(page);
        }
    }
}

pub(super) fn versions(page: &mut Page, versions: &[VersionRecord]) {
    let rows = versions.iter().map(|it| {
        vec![
            it.version.clone(),
            it.created_at.to_string(),
            it.source.clone(),
            it.approval_level.to_string(),
            if it.approved { "approved" } else { "not approved" }.to_owned(),
            if it.stored { "stored" } else { "missing" }.to_owned(),
            it.content_hash.get(..12).unwrap_or(&it.content_hash).to_owned(),
        ]
    });
    page.table_without(
        &["by", "level", "bytes"],
        &["version", "recorded", "by", "level", "review", "bytes", "hash"],
        rows,
    );
}
