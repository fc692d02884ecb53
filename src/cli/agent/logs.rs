//! `cfn agent logs`.

use std::thread;
use std::time::Duration;

use super::place::Place;
use super::stream::Stream;
use crate::agents::AgentError;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Exit;

/// Interval for looking for more.
const LOOKS: Duration = Duration::from_millis(50);

/// Print what an agent wrote: its stdout to stdout, and its stderr to stderr
///
/// The last 16 to 32 MiB of each are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn agent logs agent-tester-1764201600000-a1b2c3d -f")]
pub(super) struct Args {
    /// Id of the agent
    #[arg(value_name = "ID")]
    agent: String,
    /// Go on until it has ended
    #[arg(short, long)]
    follow: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let place = Place::of(context)?;
    let unknown = || AgentError::Unknown(args.agent.clone());
    let folder = place.runs.find(&args.agent).ok_or_else(unknown)?;
    let mut streams = ["stdout", "stderr"].map(|it| Stream::of(&folder, it));
    loop {
        // Before reading: what is written before the end is read then.
        let is_over = !args.follow || folder.is_recorded || !folder.is_alive();
        let mut some = streams[0].next()?;
        context.output.raw(&some)?;
        let errors = streams[1].next()?;
        context.output.stderr_bytes(&errors);
        some.extend(errors);
        if some.is_empty() {
            if is_over {
                return Ok(Exit::Done);
            }
            thread::sleep(LOOKS);
        }
    }
}
