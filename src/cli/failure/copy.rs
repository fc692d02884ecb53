//! Errors of copies.

use super::{Failure, FailureKind};
use crate::ops::CopyError;

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let message = error.to_string();
        let (kind, hint) = match error {
            CopyError::Refused { .. } => (
                FailureKind::RowsRefused,
                "Nothing was written; correct these rows in the source: the same command with --dry-run lists them.",
            ),
            CopyError::Same { .. } => (FailureKind::InvalidInput, "Name another target with --to."),
            CopyError::Differs { .. } => {
                (FailureKind::CopyDiffers, "Nothing was written; run 'cfn db check' on the source, and report it.")
            }
        };
        Self::new(kind, message, hint)
    }
}
