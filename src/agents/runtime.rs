//! The contract of what runs a command: processes of this machine, or a container engine.

use std::fs::File;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::{Order, Plan};
use super::terminal::Device;
use crate::linux::{ProcessIdentity, SeenGroup};
use crate::model::RunReason;

/// Runs commands of agents. A supervisor has one, and so has the command that looks after the runs of killed supervisors.
pub trait Runtime {
    /// Runs the command of an order to its end, within its limits and its deadline, and returns when nothing of it is left.
    ///
    /// Before it starts anything, it tells `starts` how to find what it is about to start; an error of `starts` ends the
    /// run before its start. It may tell it again when it knows more. From then on, whatever becomes of this process, [`Self::end_left`] can end it. SIGINT, SIGTERM
    /// and SIGHUP to this process stop the run: the command is asked to end, and ended after the grace. So does the hang-up of
    /// the command's terminal.
    fn run(
        &self,
        order: &Order,
        logs: Logs,
        starts: &mut dyn FnMut(&Left) -> io::Result<()>,
    ) -> Result<Ended, RuntimeError>;

    /// Removes what a run had and nobody needs any more, once its result is known.
    fn clear_away(&self, _plan: &Plan) {}

    /// Ends what a run left whose supervisor was killed. It is no error if nothing is left.
    fn end_left(&self, left: &Left, agent_id: &str) -> Result<(), RuntimeError>;
}

/// The files that take the output of a command. What it writes to its terminal, if it has one, comes into that of stdout.
#[derive(Debug)]
pub struct Logs {
    /// For its stdout.
    pub stdout: File,
    /// For its stderr.
    pub stderr: File,
    /// Its terminal, if it has one.
    pub terminal: Option<Device>,
}

/// How to find what a run started. It lies in the run's folder while the run is alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// Processes of this machine.
    Processes {
        /// The name of their control group.
        group: String,
        /// The control groups of the supervisor, as `/proc/self/cgroup` has them: theirs is near them.
        near: String,
    },
    /// A container.
    Container {
        /// Its name.
        name: String,
        /// The number of the run, which is also a label of the container.
        run: String,
        /// The variables by which the client finds its engine.
        engine: Vec<(String, String)>,
        /// Its first process, once it is known and where this machine sees it.
        #[serde(default)]
        main: Option<ContainerProcess>,
    },
}

/// The first process of a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerProcess {
    /// The process.
    pub process: ProcessIdentity,
    /// The id of its container, which the name of its control group holds.
    pub container: String,
}

impl ContainerProcess {
    /// Its control group, while it runs.
    #[must_use]
    pub fn group(&self) -> Option<SeenGroup> {
        SeenGroup::of(self.process.process, &self.container).filter(|_| self.process.is_alive())
    }
}

/// What became of a command.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Why it ended.
    pub reason: RunReason,
    /// Its exit code; 128 + N after signal N, 124 after its deadline, 137 after a limit.
    pub exit_code: u8,
    /// How long it ran.
    pub took: Duration,
    /// The most memory that all of it had, in bytes, where somebody counted it.
    pub peak_bytes: Option<u64>,
    /// The processors' time of all of it, where somebody counted it.
    pub cpu: Option<Duration>,
    /// What kept the limits, and which of them nothing kept, for people.
    pub limited_by: String,
    /// What a person should know beyond that, such as that the command was not found.
    pub detail: Option<String>,
}

/// Why a runtime could not run a command, or could not end it.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct RuntimeError {
    /// What could not be done.
    pub what: String,
    /// The cause.
    pub source: io::Error,
}
