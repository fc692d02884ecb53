//! Failures of runs of agents.

use std::io::ErrorKind;

use super::{Failure, FailureKind};
use crate::agents::AgentError;

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let message = error.to_string();
        let (kind, hint) = match error {
            AgentError::Skills(error) => return error.into(),
            AgentError::Store(error) => return error.into(),
            AgentError::Taken(_) => (FailureKind::AgentIdTaken, "Name another id, or leave out --agent-id."),
            AgentError::Unknown(_) => (FailureKind::RunNotFound, "'cfn agent ps --all' lists the runs."),
            AgentError::File { source, .. } if source.kind() == ErrorKind::StorageFull => {
                (FailureKind::DiskFull, "Free some space, and run the command again.")
            }
            AgentError::File { .. } => (FailureKind::FileFailed, "Check the path, its permissions and its free space."),
            AgentError::Supervisor { .. } => {
                (FailureKind::ProgramFailed, "'cfn agent ps --all' says what is known of the run.")
            }
            AgentError::NotExported(_) => {
                (FailureKind::FolderInTheWay, "Nothing was started; move away what is there, or leave out --workspace.")
            }
            AgentError::Runtime(_) => (FailureKind::ProgramFailed, "Look for what is left of it with 'ps'."),
        };
        Self::new(kind, message, hint)
    }
}
