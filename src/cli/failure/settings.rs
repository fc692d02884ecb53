//! Invalid settings and settings files.

use super::Failure;
use crate::settings::{BadFile, BadSetting, FileProblem, Foreign, Source};

impl From<BadSetting> for Failure {
    fn from(error: BadSetting) -> Self {
        let hint = match &error.origin {
            Source::Flag(name) => format!("Correct the option {name}."),
            Source::Variable(name) => format!("Correct or unset {name} in the environment."),
            origin => format!("Correct {origin}."),
        };
        Self::new(1, "invalid_setting", error.to_string(), hint)
    }
}

impl From<BadFile> for Failure {
    fn from(error: BadFile) -> Self {
        let message = error.to_string();
        let (code, kind, hint): (_, _, String) = match error.problem {
            FileProblem::Unreadable(_) => {
                (2, "settings_unreadable", "Make it a regular file that this user may read, or remove it.".into())
            }
            FileProblem::Unknown { known, .. } => match known.as_slice() {
                [name] => (1, "unknown_setting", format!("Did you mean {name}?")),
                names => (1, "unknown_setting", format!("The file may set: {}.", names.join(", "))),
            },
            FileProblem::NotOfProjects { .. } => {
                let hint = "Set it in your own ~/.config/cfn/config.toml, or on the command line.";
                (1, "forbidden_setting", hint.into())
            }
            FileProblem::NotOfFiles { .. } => {
                (1, "forbidden_setting", "Remove it from the file; use the option on the command line.".into())
            }
            FileProblem::Syntax(_) | FileProblem::WrongKind { .. } | FileProblem::Twice { .. } => {
                (1, "invalid_settings_file", "Correct the file.".into())
            }
        };
        Self::new(code, kind, message, hint)
    }
}

impl From<&Foreign> for Failure {
    fn from(error: &Foreign) -> Self {
        let hint = "If you trust it, name the database with --db or CFN_SKILLS_DB_PATH.";
        Self::new(3, "database_foreign", error.to_string(), hint)
    }
}
