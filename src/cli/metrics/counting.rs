//! Counts a command, where counting is enabled.

use std::time::Instant;

use crate::cli::context::Context;
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::typed::Command;
use crate::model::Exit;
use crate::ops::{Counted, CounterFile, QueryType};

/// A command under way.
pub(in crate::cli) struct Counting {
    /// `None` for a command that is not counted.
    query: Option<QueryType>,
    since: Instant,
}

impl Counting {
    /// Begins to count a command.
    pub(in crate::cli) fn begin(command: &Command) -> Self {
        Self { query: query(command), since: Instant::now() }
    }

    /// Adds the command to the counters, if there are any. Counting never fails a command.
    pub(in crate::cli) fn end(self, context: &Context, ended: &Result<Exit, Failure>) {
        let Some(query) = self.query else { return };
        let Some(file) = context.settings.database().ok().and_then(|it| CounterFile::of(&it)) else { return };
        let counted = Counted {
            query,
            took: self.since.elapsed(),
            succeeded: matches!(ended, Ok(Exit::Done)),
            broke_integrity: matches!(ended, Err(failure) if failure.kind == FailureKind::Integrity),
        };
        if let Err(error) = file.add(&counted) {
            tracing::debug!(%error, "this command was not counted");
        }
    }
}

/// What a command does; `None` for long-lived ones, and for those that are not about the database.
fn query(command: &Command) -> Option<QueryType> {
    Some(match command {
        Command::Load(args) if args.is_long_lived() => return None,
        Command::Export(args) if args.is_long_lived() => return None,
        Command::Load(_) => QueryType::Load,
        Command::Deploy(_) => QueryType::Deploy,
        Command::Update(_) => QueryType::Update,
        Command::Log(_) => QueryType::Log,
        Command::Search(_) => QueryType::Search,
        Command::Analytics(_) => QueryType::Analytics,
        Command::Export(_) => QueryType::Export,
        Command::Skill(_) => QueryType::Skill,
        Command::Init(_) | Command::EdgeCase(_) | Command::Agents(_) | Command::Db(_) => QueryType::Other,
        Command::Sync(_)
        | Command::Bench(_)
        | Command::Cache(_)
        | Command::Config(_)
        | Command::Coord(_)
        | Command::Doctor(_)
        | Command::Metrics(_)
        | Command::Schedule(_)
        | Command::Run(_)
        | Command::Become(_)
        | Command::Completions(_)
        | Command::Man(_) => return None,
    })
}
