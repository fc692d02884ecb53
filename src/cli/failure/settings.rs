//! Invalid settings and settings files.

use super::{Failure, FailureKind};
use crate::settings::{BadFile, BadSetting, FileProblem, Foreign, Source};

impl From<BadSetting> for Failure {
    fn from(error: BadSetting) -> Self {
        let hint = match &error.origin {
            Source::Flag(name) => format!("Correct the option {name}."),
            Source::Variable(name) => format!("Correct or unset {name} in the environment."),
            origin => format!("Correct {origin}."),
        };
        Self::new(FailureKind::InvalidSetting, error.to_string(), hint)
    }
}

impl From<BadFile> for Failure {
    fn from(error: BadFile) -> Self {
        let message = error.to_string();
        let (kind, hint): (_, String) = match error.problem {
            FileProblem::Unreadable(_) => (
                FailureKind::SettingsUnreadable,
                "Make it a regular file that this user may read, or remove it.".into(),
            ),
            FileProblem::Unknown { known, .. } => match known.as_slice() {
                [name] => (FailureKind::UnknownSetting, format!("Did you mean {name}?")),
                names => (FailureKind::UnknownSetting, format!("The file may set: {}.", names.join(", "))),
            },
            FileProblem::NotOfProjects { .. } => {
                let hint = "Set it in your own ~/.config/cfn/config.toml, or on the command line.";
                (FailureKind::ForbiddenSetting, hint.into())
            }
            FileProblem::NotOfFiles { .. } => {
                (FailureKind::ForbiddenSetting, "Remove it from the file; use the option on the command line.".into())
            }
            FileProblem::Syntax(_) | FileProblem::WrongKind { .. } | FileProblem::Twice { .. } => {
                (FailureKind::InvalidSettingsFile, "Correct the file.".into())
            }
        };
        Self::new(kind, message, hint)
    }
}

impl From<&Foreign> for Failure {
    fn from(error: &Foreign) -> Self {
        let hint = "If you trust it, name the database with --db or CFN_SKILLS_DB_PATH.";
        Self::new(FailureKind::DatabaseForeign, error.to_string(), hint)
    }
}
