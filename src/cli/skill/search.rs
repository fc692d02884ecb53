//! `cfn search`, `cfn skill search`.

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{AgentType, Exit, Visible};
use crate::ops::{self, FoundSkill, Search, SearchReport};

/// Find skills by words
///
/// Exact names come first, then names that begin with the words, then the best matches of name, tags, description,
/// headings and text. Each is shown with a line that has the words.
///
/// The words are in an index, skills-work.db beside the database, which a search brings up to date. It may be deleted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn search json web token
  cfn search rollback --agent backend-developer
  cfn search review --tag git --all --json")]
pub(in crate::cli) struct Args {
    /// Words to find
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    /// Find only skills of this agent type
    #[arg(long, value_name = "AGENT_TYPE")]
    agent: Option<AgentType>,
    /// Find only skills with this tag
    #[arg(long)]
    tag: Option<String>,
    /// Maximum number of skills
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Find skills that no agent gets, too
    #[arg(long)]
    all: bool,
}

pub(in crate::cli) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let query = args.words.join(" ");
    if !ops::has_words(&query) {
        let hint = "Give one or more words, such as: cfn search token.";
        return Err(Failure::input("the query has no words", hint));
    }
    let request = Search {
        query: &query,
        agent_type: args.agent.as_ref(),
        tag: args.tag.as_deref(),
        limit: args.limit.into(),
        all: args.all,
    };
    let mut store = context.open_replicated(true)?;
    // Only the primary can bring its index up to date.
    if context.reads_a_replica()
        && ops::index_is_current(store.as_mut())? != Some(true)
        && let Ok(primary) = context.open_for_few_rows(Access::Read)
    {
        store = primary;
    }
    let mut progress = context.output.progress("indexing");
    let report = ops::search(store.as_mut(), &request, &mut |done, all| progress.at(done, all))?;
    drop(progress);
    store.leave();
    context.output.answer(&report)?;
    remarks(context, &report);
    Ok(Exit::Done)
}

fn remarks(context: &Context, report: &SearchReport) {
    if let Some(why) = &report.not_indexed_because {
        let skills = counted(report.not_indexed, "skill");
        context.output.warn(&format!("{skills} changed since the search index was written: {}", Visible(why)));
    }
    if !report.did_you_mean.is_empty() {
        let near: Vec<String> = report.did_you_mean.iter().map(|it| Visible(it).to_string()).collect();
        context.output.note(&format!("did you mean {}?", near.join(", ")));
    }
}

impl Report for SearchReport {
    fn text(&self, page: &mut Page) {
        if self.skills.is_empty() {
            return page.line("no skill matches");
        }
        self.skills.iter().for_each(|it| it.lines(page));
        if self.found > self.skills.len() {
            page.line(format!("{} of {} shown; --limit shows more", self.skills.len(), counted(self.found, "skill")));
        }
    }
}

impl FoundSkill {
    fn lines(&self, page: &mut Page) {
        let not = if self.served { "" } else { " (not served)" };
        page.heading(&format!("{} {}{not}", Visible(&self.name), Visible(&self.version)));
        let text = self.text.as_ref().or(self.description.as_ref()).map(|it| Visible(it).to_string());
        if let Some(text) = text {
            page.marked("  ", &text, &ops::marks(&text, &self.matches));
        }
    }
}
