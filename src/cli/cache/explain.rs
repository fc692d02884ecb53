//! `cfn cache explain`.

use clap::Subcommand;

use super::factories::with_factories;
use super::microseconds::shown_us;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::cli::{analytics, load, skill};
use crate::model::{Exit, Visible};
use crate::ops::{self, DatedRequest, Explanation, Query};
use crate::settings::CacheSettings;

/// Explain how the cache treats a query, and what it saves
///
/// The query is a command with its options. Nothing is cached or counted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache explain load backend-developer --context auth
  cfn cache explain list --category domain
  cfn cache explain analytics usage --days 7 --json")]
pub(super) struct Args {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    Load(load::Args),
    List(skill::ListArgs),
    Show(skill::ShowArgs),
    History(skill::HistoryArgs),
    Analytics(analytics::Args),
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = &context.require_cache()?;
    let none = |what: &str| Failure::input(what, "Give a reading command with its options, as it would be run.");
    match &args.question {
        Question::Load(args) if args.logs_usage() => Err(none("load --agent-id writes, so the cache never answers it")),
        Question::Load(args) => explain(
            context,
            settings,
            &args.request(context)?.ok_or_else(|| none("load --batch is not a single query"))?,
        ),
        Question::List(args) => explain(context, settings, &args.filter()),
        Question::Show(args) => explain(context, settings, &args.request()),
        Question::History(args) => explain(context, settings, &args.request()?),
        Question::Analytics(args) => {
            let request = args.request(context)?.ok_or_else(|| none("check and rebuild are not queries"))?;
            explain(context, settings, &DatedRequest::now(&request, context.clock))
        }
    }
}

fn explain<Q: Query>(context: &Context, settings: &CacheSettings, query: &Q) -> Result<Exit, Failure> {
    context.open(Access::Read)?; // an older one is adopted first
    let policy = settings.policy;
    let noted = context.cache_notes(settings)?.map(|it| it.read()).unwrap_or_default();
    let now = context.clock.now().as_second();
    let report = with_factories(context, settings, |factories| ops::explain(factories, policy, &noted, now, query))?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for Explanation {
    fn text(&self, page: &mut Page) {
        page.line(format!("class            {}", self.class));
        page.line(format!("key              {}", self.key.as_deref().unwrap_or("-")));
        page.line(format!("revision         {}", self.revision.as_deref().unwrap_or("-")));
        let lives = self.expires_in_s.map(|it| format!(", {it} s left")).unwrap_or_default();
        page.line(format!("answer           {}{lives}", if self.hit { "hit" } else { "miss" }));
        page.line(format!("size             {}", self.bytes.map_or_else(|| "-".to_owned(), |it| bytes(it as u64))));
        page.line(format!("hit              {}", shown_us(self.hit_us)));
        page.line(format!("database         {}", shown_us(Some(self.database_us))));
        page.line(format!("a hit saves      {}", shown_us(self.saves_us)));
        page.line(format!("used             {}: {}", if self.used { "yes" } else { "no" }, Visible(&self.why)));
    }
}
