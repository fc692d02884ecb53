//! Counts a command, where counting is enabled.

use std::time::Instant;

use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::typed::Command;
use crate::model::Exit;
use crate::ops::{Counted, CountedCommand, CounterFile, OpenCounters};
use crate::store::Tally;

/// A command under way, where commands are counted.
pub(in crate::cli) struct Counting {
    command: CountedCommand,
    counters: OpenCounters,
    since: Instant,
}

impl Counting {
    /// Begins to count a command, if there is the file for it. Counting never fails a command.
    pub(in crate::cli) fn begin(context: &Context, command: &Command) -> Option<Self> {
        let (since, command) = (Instant::now(), counted(command)?);
        let file = CounterFile::of(&context.settings.database().ok()?)?;
        let counters =
            file.open().inspect_err(|error| tracing::debug!(%error, "this command is not counted")).ok()??;
        Tally::begin();
        Some(Self { command, counters, since })
    }

    /// Adds the command to the counters.
    pub(in crate::cli) fn end(self, ended: &Result<Exit, Failure>) {
        let counted = Counted {
            command: self.command,
            took: self.since.elapsed(),
            succeeded: matches!(ended, Ok(Exit::Done)),
            broke_integrity: matches!(ended, Err(failure) if failure.kind == FailureKind::Integrity),
            tally: Tally::take(),
        };
        if let Err(error) = self.counters.count(&counted) {
            tracing::debug!(%error, "this command was not counted");
        }
    }
}

/// How a command is counted; `None` for long-lived ones, and for those that are not about the database.
fn counted(command: &Command) -> Option<CountedCommand> {
    Some(match command {
        Command::Load(args) if args.is_long_lived() => return None,
        Command::Export(args) if args.is_long_lived() => return None,
        Command::Load(_) => CountedCommand::Load,
        Command::Deploy(_) => CountedCommand::Deploy,
        Command::Update(_) => CountedCommand::Update,
        Command::Log(_) => CountedCommand::Log,
        Command::Search(_) => CountedCommand::Search,
        Command::Analytics(_) => CountedCommand::Analytics,
        Command::Export(_) => CountedCommand::Export,
        Command::Skill(_) => CountedCommand::Skill,
        Command::Init(_) | Command::EdgeCase(_) | Command::Agents(_) | Command::Db(_) => CountedCommand::Other,
        Command::Agent(_)
        | Command::Sync(_)
        | Command::Bench(_)
        | Command::Cache(_)
        | Command::Config(_)
        | Command::Coord(_)
        | Command::Doctor(_)
        | Command::Metrics(_)
        | Command::Top(_)
        | Command::Schedule(_)
        | Command::Run(_)
        | Command::Internal(_)
        | Command::Completions(_)
        | Command::Man(_) => return None,
    })
}
