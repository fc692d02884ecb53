//! `cfn skill list`.

use crate::cache::Class;
use crate::cli::analytics;
use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::dates::day;
use crate::cli::failure::Failure;
use crate::cli::numbers::integer;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentType, ApprovalLevel, Category, Exit, OptionWith, Status};
use crate::ops::{self, ListReport};
use crate::store::{SkillFilter, SkillOrder, SkillPage};

/// Number of skills on a page of a terminal.
const PAGE: usize = 50;

/// Width of a terminal that has room for descriptions, in columns.
const WIDE: usize = 110;

/// List skills
///
/// On a terminal, prints a page of 50 skills; otherwise all, unless --limit is given. If there are more, the JSON has
/// 'next', the name for --after.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill list
  cfn skill list --pending --level human
  cfn skill list --agent backend-developer --json
  cfn skill list --tag sql --sort uses --limit 10
  cfn skill list --limit 100 --after postgresql")]
pub(in crate::cli) struct Args {
    /// List only skills of this category
    #[arg(long, value_parser = choice::category())]
    category: Option<Category>,
    /// List only skills of this approval level
    #[arg(long, value_name = "LEVEL", value_parser = choice::level())]
    level: Option<ApprovalLevel>,
    /// List only skills of this status
    #[arg(long, value_parser = choice::status())]
    status: Option<Status>,
    /// List only skills mapped to this agent type
    #[arg(long, value_name = "AGENT_TYPE")]
    agent: Option<AgentType>,
    /// List only skills whose current version waits for review
    #[arg(long, alias = "pending-approval")]
    pending: bool,
    /// List only skills with this tag
    #[arg(long)]
    tag: Option<String>,
    /// List only skills of this owner
    #[arg(long)]
    owner: Option<String>,
    /// List only skills of this team
    #[arg(long)]
    team: Option<String>,
    /// Order: name, updated (last change first) or uses (most used first)
    #[arg(long, default_value = "name", value_parser = choice::one_of(order, orders))]
    sort: SkillOrder,
    /// Maximum number of skills [default on a terminal: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// List only skills after this one, in the order of --sort
    #[arg(long, value_name = "SKILL_NAME")]
    after: Option<String>,
    /// As in the old tool: --level, and --status active unless another one is given
    #[arg(long, hide_short_help = true, value_name = "LEVEL", conflicts_with = "level", value_parser = choice::level())]
    approval: Option<ApprovalLevel>,
}

/// Every word that [`order`] accepts.
fn orders() -> Vec<&'static str> {
    SkillOrder::ALL.into_iter().map(|(_, word)| word).collect()
}

fn order(text: &str) -> Result<SkillOrder, String> {
    let found = SkillOrder::ALL.into_iter().find(|(_, word)| *word == text);
    found
        .map(|(order, _)| order)
        .ok_or_else(|| format!("there is no such order; the orders are {}", orders().join(", ")))
}

impl Args {
    /// The request, as a program makes it: all skills, without descriptions.
    pub(in crate::cli) fn filter(&self) -> SkillFilter {
        SkillFilter {
            category: self.category,
            approval_level: self.level.or(self.approval),
            status: self.status.or(self.approval.map(|_| Status::Active)),
            agent_type: self.agent.clone(),
            pending: self.pending,
            tag: self.tag.clone(),
            owner: self.owner.clone(),
            team: self.team.clone(),
            page: SkillPage {
                order: self.sort,
                after: self.after.clone(),
                limit: self.limit.map(|it| usize::try_from(it).unwrap_or(usize::MAX)),
                described: false,
            },
        }
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let cache = context.cache(Class::List)?;
    let mut filter = args.filter();
    if let Some(width) = context.output.width() {
        filter.page.limit = filter.page.limit.or(Some(PAGE));
        filter.page.described = width >= WIDE;
    }
    let mut store = context.open_replicated(false)?;
    if args.sort == SkillOrder::Uses {
        store = analytics::up_to_date(context, store)?;
    }
    let report = ops::list(store.as_mut(), cache.as_ref(), &filter)?;
    store.leave();
    context.output.answer(&report)?;
    if let Some(next) = report.next.filter(|_| !context.output.json) {
        let shown = counted(report.skills.len(), "skill");
        context.output.note(&format!("{shown} shown; add '{}' for the next page", OptionWith("--after", next)));
    }
    Ok(Exit::Done)
}

impl Report for ListReport {
    fn text(&self, page: &mut Page) {
        if self.skills.is_empty() {
            return page.line("no skills");
        }
        let (by_uses, by_time) = (self.order == SkillOrder::Uses, self.order == SkillOrder::Updated);
        let rows = self.skills.iter().map(|it| {
            let mut row = vec![
                it.name.clone(),
                it.pinned_version
                    .as_ref()
                    .map_or_else(|| it.version.clone(), |pin| format!("{} ({pin} pinned)", it.version)),
                it.category.clone(),
                it.status.clone(),
                it.approval_level.to_string(),
                it.review.to_string(),
            ];
            row.extend(by_uses.then(|| it.uses.map(integer).unwrap_or_default()));
            row.extend(by_time.then(|| it.updated_at.as_ref().map(day).unwrap_or_default()));
            row.push(it.agents.join(", "));
            row.push(it.description.as_deref().map(one_line).unwrap_or_default());
            row
        });
        let mut header = vec!["name", "version", "category", "status", "level", "review"];
        header.extend(by_uses.then_some("uses"));
        header.extend(by_time.then_some("updated"));
        header.extend(["agents", "description"]);
        page.table_filled_by("description", &["agents", "category", "level", "status"], &header, rows);
    }
}

/// A description on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
