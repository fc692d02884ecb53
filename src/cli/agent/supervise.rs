//! The hidden mode of cfn that supervises one run. It reads its order from stdin, and says on stdout what becomes of it.

use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use super::place::{history, runtime};
use super::telling::tell;
use crate::agents::{Order, Processes, RunFolder, RunTerminal, Runs, Runtime, Said, Supervisor};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::model::Exit;
use crate::process::take_over;
use crate::store::AgentRuns;

/// Supervise a run
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the run
    #[arg(long)]
    state: PathBuf,
    /// The id of the database
    #[arg(long)]
    database_id: String,
    /// It is run as a process
    #[arg(long)]
    process: bool,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    // A closing terminal must not end it. This fails only if it leads a session already.
    let _ = rustix::process::setsid();
    let folder = RunFolder::at(args.state.clone());
    let early = args.process.then(|| Processes::early(&folder.agent()));
    let (order, terminal) = taken_over().map_err(|error| Failure::internal(&format!("there is no order: {error}")))?;
    let mut history = history(context);
    let runtime: Box<dyn Runtime> = match early {
        Some(early) => Box::new(early),
        None => runtime(order.plan.runtime, &Runs::holding(&folder), &args.database_id),
    };
    let supervisor = Supervisor {
        folder: &folder,
        runtime: runtime.as_ref(),
        terminal,
        database: &args.database_id,
        clock: context.clock,
    };
    // Whoever spawned the run may be gone.
    let say = |said: &Said| drop(context.output.json_line(said));
    let history = history.as_mut().map(|it| &mut **it as &mut dyn AgentRuns);
    let run = supervisor.run(&order, history, &mut || say(&Said::Started))?;
    // Before the waiting process learns of the end.
    tell(context, &order.plan, &run);
    say(&Said::Ended(Box::new(run)));
    runtime.clear_away(&order.plan);
    Ok(Exit::Done)
}

/// The order, and the terminal of the command if it has one.
fn taken_over() -> io::Result<(Order, Option<RunTerminal>)> {
    let mut stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let (message, files) = take_over(&mut stream)?;
    Ok((serde_json::from_slice(&message)?, RunTerminal::handed_over(files)))
}
