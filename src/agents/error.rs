//! Why something about runs failed.

use std::io;
use std::path::PathBuf;

use super::containers::EngineError;
use super::runtime::RuntimeError;
use crate::model::{AgentId, Visible};
use crate::{ops, store};

/// The result of an operation on runs.
pub type Result<T> = std::result::Result<T, AgentError>;

/// Why something about runs failed.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// There is a run with this id.
    #[error("there is a run of {0} already")]
    Taken(AgentId),
    /// There is no run with this id.
    #[error("there is no run of {}", Visible(.0))]
    Unknown(String),
    /// There is no run of this task.
    #[error("there is no run of the task {}", Visible(.0))]
    NoneOfTask(String),
    /// A signal came before the run was started.
    #[error("interrupted before the agent was started")]
    Interrupted,
    /// A file or folder of a run could not be made, read or written.
    #[error("could not {what} {}: {source}", Visible(path.to_string_lossy()))]
    File {
        /// What could not be done.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The supervisor could not be started, or did not answer.
    #[error("the supervisor of {agent} {what}")]
    Supervisor {
        /// The agent.
        agent: AgentId,
        /// What it did not do.
        what: String,
    },
    /// Skills could not be exported to the workspace.
    #[error("skills could not be exported to the workspace: {0}")]
    NotExported(String),
    /// The container engine did not do what it was asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A wave plan or a manifest cannot be used.
    #[error("{} is no {kind} that can be used: {what}", Visible(path.to_string_lossy()))]
    Unusable {
        /// What it should be.
        kind: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// The runtime failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The skills could not be loaded.
    #[error(transparent)]
    Skills(#[from] ops::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::StoreError),
}
