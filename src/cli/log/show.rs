//! `cfn log show`.
use crate::cli::context::{Access, Context};
use crate::cli::dates::minute;
use crate::cli::failure::Failure;
use crate::cli::numbers::integer;
use crate::cli::output::{Page, Report};
use crate::model::Exit;
use crate::ops::{self, UsageReport};

/// Show the skills that agents loaded and used in a task, with their versions and hashes
///
/// Rows in months on other servers are read there. Exits 9 if a server that has such rows cannot be reached.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn log show --task task-100
  cfn log show --task task-100 --json")]
pub(super) struct Args {
    /// Id of the task
    #[arg(long, value_name = "ID")]
    task: String,
    /// Maximum number of rows, newest first
    #[arg(long, default_value_t = 1000, value_name = "N")]
    limit: usize,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open_for_few_rows(Access::Read)?;
    let report = ops::usage_of_task(store.as_mut(), &args.task, args.limit, &mut |url| context.archived_uses(url))?;
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

impl Report for UsageReport {
    fn text(&self, page: &mut Page) {
        if self.usage.is_empty() {
            return page.line("no usage");
        }
        let number = |it: Option<i64>| it.map(integer).unwrap_or_default();
        let rows = self.usage.iter().map(|it| {
            vec![
                minute(&it.loaded_at),
                it.skill.clone().unwrap_or_default(),
                it.version.clone().unwrap_or_default(),
                it.content_hash.as_deref().map(|it| it.get(..12).unwrap_or(it).to_owned()).unwrap_or_default(),
                it.agent_id.clone(),
                it.task_id.clone().unwrap_or_default(),
                it.phase.clone().unwrap_or_default(),
                number(it.execution_time_ms),
                number(it.exit_code),
            ]
        });
        let header = ["when", "skill", "version", "bytes", "agent", "task", "phase", "ms", "exit"];
        page.table_without(&["bytes", "version", "phase", "task"], &header, rows);
    }
}
