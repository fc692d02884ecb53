//! Errors of exports.

use super::space::or_full;
use super::{Failure, FailureKind};
use crate::ops::ExportError;

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let message = error.to_string();
        let (kind, hint) = match &error {
            ExportError::Folder { source, .. } => or_full(
                source,
                (FailureKind::FileFailed, "Name a folder that this user may write to, and run the command again."),
            ),
            ExportError::NoFolder { .. } => (
                FailureKind::FolderInTheWay,
                "Nothing was written; put a folder in its place, or export to another one.",
            ),
            ExportError::InTheWay { .. } => (
                FailureKind::FolderInTheWay,
                "No skill was written; move them away, or deploy them so that they are the approved ones.",
            ),
            ExportError::Lock { .. } => (
                FailureKind::ExportRecordRefused,
                "Nothing was changed; look who changed it, then restore or remove it: folders with approved content are \
                 taken over.",
            ),
            ExportError::OtherDatabase { .. } => (
                FailureKind::ExportRecordRefused,
                "Nothing was changed; name that database with --db, export to another folder, or remove the record.",
            ),
            ExportError::Busy { .. } => (FailureKind::Busy, "Try again; CFN_BUSY_TIMEOUT_MS sets how long to wait."),
        };
        Self::new(kind, message, hint)
    }
}
