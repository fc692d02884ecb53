//! `cfn skill list`.

use crate::cache::Class;
use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::model::{AgentType, ApprovalLevel, Category, Exit, Status};
use crate::ops::{self, ListReport};
use crate::store::SkillFilter;

/// List skills
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill list
  cfn skill list --pending --level human
  cfn skill list --agent backend-developer --json")]
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
    #[arg(long)]
    pending: bool,
}

impl Args {
    pub(in crate::cli) fn filter(&self) -> SkillFilter {
        SkillFilter {
            category: self.category,
            approval_level: self.level,
            status: self.status,
            agent_type: self.agent.clone(),
            pending: self.pending,
        }
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let cache = context.cache(Class::List)?;
    let report = ops::list(context.open(Access::Read)?.as_mut(), cache.as_ref(), &args.filter())?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for ListReport {
    fn text(&self, page: &mut Page) {
        if self.skills.is_empty() {
            return page.line("no skills");
        }
        let rows = self.skills.iter().map(|it| {
            vec![
                it.name.clone(),
                it.version.clone(),
                it.category.clone(),
                it.status.clone(),
                it.approval_level.to_string(),
                it.review.to_string(),
                it.agents.join(", "),
            ]
        });
        let order = ["agents", "category", "level", "status"];
        page.table_without(&order, &["name", "version", "category", "status", "level", "review", "agents"], rows);
    }
}
