//! Errors of measuring.

use super::space::or_full;
use super::{Failure, FailureKind};
use crate::{bench, process};

impl From<bench::Error> for Failure {
    fn from(error: bench::Error) -> Self {
        let message = error.to_string();
        let (kind, hint) = match error {
            bench::Error::Store(error) => return error.into(),
            bench::Error::Name(error) => return error.into(),
            bench::Error::Defect(what) => return Self::internal(what),
            bench::Error::Interrupted => return Self::new(FailureKind::Interrupted, message, "Run it again."),
            bench::Error::Run { .. } => (
                FailureKind::FileUnreadable,
                "Name a file with the output of 'cfn bench --json', or of --samples, that this user may read.",
            ),
            bench::Error::File { source, .. } => {
                or_full(&source, (FailureKind::FileFailed, "Check the path and its permissions."))
            }
            bench::Error::NoRun { .. } => {
                (FailureKind::NoBenchRun, "Name the output of 'cfn bench --json', or a --samples file.")
            }
            bench::Error::Process(process::Error::Failed { .. }) => {
                (FailureKind::ProgramFailed, "Nothing was measured; run that command by itself to see the error.")
            }
            bench::Error::Process(process::Error::NotStarted { .. }) => {
                (FailureKind::ProgramNotStarted, "Install it, or correct the command.")
            }
            bench::Error::WrongAnswer { .. } => {
                (FailureKind::WrongAnswer, "Correct the command; nothing was measured.")
            }
        };
        Self::new(kind, message, hint)
    }
}
