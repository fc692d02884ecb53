//! Errors of materialized folders.

use super::{Failure, FailureKind};
use crate::skill_folder::MaterializeError;

impl From<MaterializeError> for Failure {
    fn from(error: MaterializeError) -> Self {
        let message = error.to_string();
        let hint = "Make it a folder of yours with mode 0700, or name another with CFN_MATERIALIZE_DIR.";
        match error {
            MaterializeError::Exposed { .. } => Self::new(FailureKind::FolderExposed, message, hint),
            _ => Self::new(FailureKind::FileFailed, message, "Check the folder, its permissions and its free space."),
        }
    }
}
