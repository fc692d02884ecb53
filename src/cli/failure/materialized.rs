//! Errors of materialized folders.

use super::space::or_full;
use super::{Failure, FailureKind};
use crate::skill_folder::MaterializeError;

const FOLDER: &str = "Check the folder and its permissions.";

impl From<MaterializeError> for Failure {
    fn from(error: MaterializeError) -> Self {
        let message = error.to_string();
        let hint = "Make it a folder of yours with mode 0700, or name another with CFN_MATERIALIZE_DIR.";
        match error {
            MaterializeError::Exposed { .. } => Self::new(FailureKind::FolderExposed, message, hint),
            MaterializeError::Failed { source, .. } => {
                let (kind, hint) = or_full(&source, (FailureKind::FileFailed, FOLDER));
                Self::new(kind, message, hint)
            }
            _ => Self::new(FailureKind::FileFailed, message, FOLDER),
        }
    }
}
