//! `cfn coord wait`.

use std::time::Duration;

use crate::cli::argument::words;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::coordination::CompletionStatus;
use crate::model::{Exit, Visible};
use crate::ops::{self, Awaited, WaitReport, Waiting};

/// Exit code after the timeout, as `timeout` has it.
const TIMEOUT: Exit = Exit::Command(124);

/// Wait until agents of a task are done
///
/// Ends with 124 after the timeout. Nobody else loses a signal: cfn looks, and takes nothing away. The shell scripts of
/// the fleet push only to the list of their agent; name such agents, or they are not counted.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn coord wait t1 --agents 3 --timeout 300
  cfn coord wait t1 --agents coder-1-1,tester-1-1")]
pub(super) struct Args {
    /// The task
    #[arg(value_name = "TASK")]
    task: String,
    /// How many agents, or the ids of the agents
    #[arg(long, value_delimiter = ',', value_name = "N|ID", required = true)]
    agents: Vec<String>,
    /// Longest time to wait, in seconds; 0 looks once
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    timeout: u32,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let waiting = Waiting {
        task: args.task.parse()?,
        awaited: awaited(&words(&args.agents))?,
        timeout: Duration::from_secs(args.timeout.into()),
    };
    let report = ops::wait_for_agents(&mut context.coordination()?, &waiting)?;
    context.output.answer(&report)?;
    Ok(Exit::done_if(report.complete, TIMEOUT))
}

fn awaited(typed: &[String]) -> Result<Awaited, Failure> {
    match typed {
        [] => Err(Failure::input("--agents names nobody", "Name a number of agents, or their ids.")),
        [one] if one.bytes().all(|it| it.is_ascii_digit()) => {
            let too_many = |_| Failure::input(format!("--agents {one} is too large"), "Name a smaller number.");
            one.parse().map(Awaited::Number).map_err(too_many)
        }
        several => Ok(Awaited::Agents(several.iter().map(|it| it.parse()).collect::<Result<_, _>>()?)),
    }
}

impl Report for WaitReport {
    fn text(&self, page: &mut Page) {
        let rows = self.done.iter().map(|it| {
            let status = it.status.map_or("-", |it| match it {
                CompletionStatus::Completed => "completed",
                CompletionStatus::Failed => "failed",
            });
            let confidence = it.confidence.map_or_else(|| "-".to_owned(), |it| it.to_string());
            vec![Visible(&it.agent_id).to_string(), status.to_owned(), confidence]
        });
        if !self.done.is_empty() {
            page.table(&["agent", "status", "confidence"], rows);
        }
        if !self.complete {
            let missing: Vec<_> = self.missing.iter().map(ToString::to_string).collect();
            let names = if missing.is_empty() { String::new() } else { format!("; not {}", missing.join(", ")) };
            page.line(format!(
                "{} of {} done{names}",
                self.wanted.saturating_sub(self.missing.len()).min(self.done.len()),
                counted(self.wanted, "agent")
            ));
        }
    }
}
