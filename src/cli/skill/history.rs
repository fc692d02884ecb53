//! `cfn skill history`.

use crate::cache::Class;
use crate::cli::context::Context;
use crate::cli::dates::{day, minute};
use crate::cli::failure::Failure;
use crate::cli::named::NamedOne;
use crate::cli::output::{Page, Report};
use crate::model::{Approval, Exit, SkillEvent, StoredJson, StoredTime, VersionRecord, Visible};
use crate::ops::{self, History, HistoryReport, UsageReport};

/// Show the versions of a skill, the decisions about them, and what else happened to it
#[derive(Debug, clap::Args)]
#[command(override_usage = "cfn skill history [OPTIONS] <SKILL_NAME>")]
#[command(after_help = "\
Examples:
  cfn skill history postgresql
  cfn skill history postgresql --usage --json")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    named: NamedOne,
    /// Also show its usage, newest first; what is in months on other servers is read there
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
    let (mut store, request) = (context.open_replicated(true)?, args.request()?);
    let report = ops::history(store.as_mut(), cache.as_ref(), &request, &mut |url| context.archived_uses(url))?;
    store.leave();
    context.note_name(args.named.name()?, &report.name);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for HistoryReport {
    fn text(&self, page: &mut Page) {
        let level = self.approval_level.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
        page.heading(&format!("status {}, approval level {level}", Visible(&self.status)));
        page.heading("\nversions");
        versions(page, &self.versions);
        page.heading("\ndecisions and events");
        let header = ["when", "version", "what", "level", "who", "bytes", "reason"];
        page.table_without(&["level", "who"], &header, self.decisions_and_events());
        if let Some(usage) = &self.usage {
            page.heading("\nusage");
            UsageReport { usage: usage.clone() }.text(page);
        }
    }
}

impl HistoryReport {
    /// One row each, newest first. Of the same second, the events come first.
    fn decisions_and_events(&self) -> Vec<Vec<String>> {
        let time = |it: Option<&StoredTime>| it.map(ToString::to_string);
        let mut events = self.events.iter().peekable();
        let mut rows = Vec::new();
        for decision in &self.approvals {
            while let Some(event) =
                events.next_if(|it| time(it.created_at.as_ref()) >= time(decision.timestamp.as_ref()))
            {
                rows.push(event_row(event));
            }
            rows.push(decision_row(decision));
        }
        rows.extend(events.map(event_row));
        rows
    }
}

fn decision_row(it: &Approval) -> Vec<String> {
    vec![
        it.timestamp.as_ref().map(minute).unwrap_or_default(),
        it.version.clone(),
        it.decision.to_string(),
        it.approval_level.to_string(),
        it.approver.clone().unwrap_or_default(),
        it.content_hash.as_deref().map_or("unknown", short).to_owned(),
        reason(it),
    ]
}

/// The reason, after the expert of an escalation.
fn reason(it: &Approval) -> String {
    let reason = it.reasoning.clone().unwrap_or_default();
    it.escalated_to.as_ref().map_or(reason.clone(), |to| format!("to {to}: {reason}"))
}

fn event_row(it: &SkillEvent) -> Vec<String> {
    let detail = it.detail.as_ref().map(StoredJson::as_str).unwrap_or_default();
    vec![
        it.created_at.as_ref().map(minute).unwrap_or_default(),
        it.version.clone().unwrap_or_default(),
        it.event.clone(),
        String::new(),
        it.actor.clone().unwrap_or_default(),
        it.content_hash.as_deref().map_or("", short).to_owned(),
        it.reason.clone().unwrap_or_else(|| detail.to_owned()),
    ]
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

pub(super) fn versions(page: &mut Page, versions: &[VersionRecord]) {
    let rows = versions.iter().map(|it| {
        vec![
            it.version.clone(),
            day(&it.created_at),
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
