//! A run under its supervisor, as the command that spawned it sees it.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout};

use serde::{Deserialize, Serialize};

use super::run_folder::RunFolder;
use crate::model::{AgentId, AgentRun};

/// What a supervisor says to the command that spawned its run, one line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The command is about to start.
    Started,
    /// It ended.
    Ended(Box<AgentRun>),
}

/// A run under its supervisor, as the command that spawned it sees it.
#[derive(Debug)]
pub struct Supervised {
    /// The agent's id.
    pub agent: AgentId,
    /// The folder of the run.
    pub folder: RunFolder,
    process: Child,
    output: BufReader<ChildStdout>,
    ended: Option<AgentRun>,
    has_member: bool,
}

impl Supervised {
    /// Whose supervisor was started; returns when its command is about to start, or has ended.
    pub(super) fn started(
        (agent, folder): (AgentId, RunFolder),
        (process, output): (Child, ChildStdout),
        has_member: bool,
    ) -> Self {
        let mut supervised = Self { agent, folder, process, output: BufReader::new(output), ended: None, has_member };
        if let Some(Said::Ended(run)) = supervised.next() {
            supervised.ended = Some(*run);
        }
        supervised
    }

    /// The supervisor's process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the end of the run. `None`: the supervisor was killed, and nothing is known yet.
    pub fn wait(&mut self) -> Option<AgentRun> {
        while self.ended.is_none() {
            match self.next() {
                Some(Said::Ended(run)) => self.ended = Some(*run),
                Some(Said::Started) => {}
                None => break,
            }
        }
        self.leave();
        self.ended.clone()
    }

    /// Waits for the end of the supervisor, unless all that it still does is to remove a member of a pool.
    fn leave(&mut self) {
        if self.ended.is_some() && self.has_member {
            return;
        }
        let _ = io::copy(&mut self.output, &mut io::sink()); // up to its end
        let _ = self.process.wait(); // it has no other parent that could
    }

    fn next(&mut self) -> Option<Said> {
        let mut line = String::new();
        self.output.by_ref().read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }
}
