//! Failures of runs of agents.

use super::space::or_full;
use super::{Failure, FailureKind};
use crate::agents::{AgentError, EngineError};

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let message = error.to_string();
        let (kind, hint) = match error {
            AgentError::Skills(error) => return error.into(),
            AgentError::Store(error) => return error.into(),
            AgentError::Taken(_) => (FailureKind::AgentIdTaken, "Name another id, or leave out --agent-id."),
            AgentError::Unknown(_) | AgentError::NoneOfTask(_) => {
                (FailureKind::RunNotFound, "'cfn agent ps --all' lists the runs.")
            }
            AgentError::File { what: "read", .. } => {
                (FailureKind::FileUnreadable, "Name a regular file that this user may read; '--stdin -' takes a pipe.")
            }
            AgentError::File { source, .. } => {
                or_full(&source, (FailureKind::FileFailed, "Check the path and its permissions."))
            }
            AgentError::Interrupted => (FailureKind::Interrupted, "Run it again."),
            AgentError::Supervisor { .. } => {
                (FailureKind::ProgramFailed, "'cfn agent ps --all' says what is known of the run.")
            }
            AgentError::NotExported(_) => {
                (FailureKind::FolderInTheWay, "Nothing was started; move away what is there, or leave out --workspace.")
            }
            AgentError::Engine(error) => of_engine(&error),
            AgentError::Unusable { .. } => {
                (FailureKind::InvalidInput, "'cfn agent wave --help' says what a plan and a manifest have.")
            }
            AgentError::Runtime(error) => {
                or_full(&error.source, (FailureKind::ProgramFailed, "Look for what is left of it with 'ps'."))
            }
        };
        Self::new(kind, message, hint)
    }
}

fn of_engine(error: &EngineError) -> (FailureKind, &'static str) {
    match error {
        EngineError::NoClient(_) | EngineError::NotRun(..) => (
            FailureKind::EngineUnreachable,
            "Install it, or name the other one with --runtime, or leave out --runtime.",
        ),
        EngineError::Silent(..) => (FailureKind::EngineUnreachable, "It hangs: look at its log, and start it anew."),
        EngineError::Unreachable(..) => {
            (FailureKind::EngineUnreachable, "Start the engine, or correct DOCKER_HOST or the context of the client.")
        }
        EngineError::NoImage(_) => {
            (FailureKind::ImageNotFound, "Build it, or fetch it with 'docker pull'; cfn itself fetches no image.")
        }
        EngineError::Refused(..) => (FailureKind::EngineRefused, "Correct what the engine does not accept."),
    }
}
