//! `cfn cache warm`.

use crate::cli::analytics;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::bytes;
use crate::cli::output::{Page, Report};
use crate::cli::plural::{counted, thousands};
use crate::model::{AgentType, Exit, Visible};
use crate::ops::{self, Warm, WarmReport};

/// Cache common answers in advance
///
/// Caches 'cfn load AGENT_TYPE' for each agent type, the list of skills, and the reports over the whole usage log.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn cache warm
  cfn cache warm --agent backend-developer,tester")]
pub(super) struct Args {
    /// Agent types, separated by commas [default: all that have skills]
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    agent: Option<Vec<AgentType>>,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let settings = context.require_cache()?;
    let mut server = Context::connect_cache(&settings)?;
    let mut store = analytics::up_to_date(context, context.open(Access::Read)?)?;
    let mut progress = context.output.progress("storing answers");
    let request = Warm { agents: args.agent.clone(), price: context.settings.token_price()? };
    let report = ops::warm(store.as_mut(), server.as_mut(), context.clock, &request, &mut |done, all| {
        progress.at(done, all);
    })?;
    drop(progress);
    for line in &report.failed {
        context.output.warn(&format!("not stored: {}", Visible(line)));
    }
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for WarmReport {
    fn text(&self, page: &mut Page) {
        let rows = self
            .classes
            .iter()
            .map(|it| vec![it.class.to_owned(), thousands(&it.answers.to_string()), bytes(it.bytes as u64)]);
        page.table(&["class", "answers", "size"], rows);
        page.line(format!("stored {}, {}", counted(self.answers, "answer"), bytes(self.bytes as u64)));
        if self.not_kept > 0 {
            page.line(format!("{} answers cannot be cached: they do not depend on the database alone", self.not_kept));
        }
    }
}
