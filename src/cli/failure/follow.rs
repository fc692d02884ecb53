//! Errors of following.

use super::{Failure, FailureKind};
use crate::ops::FollowError;

impl From<FollowError> for Failure {
    fn from(error: FollowError) -> Self {
        let message = error.to_string();
        let (kind, hint) = match error {
            FollowError::Occupied { .. } => {
                (FailureKind::DatabaseOccupied, "Add --replace to remove it after a backup; nothing was changed.")
            }
            FollowError::FollowsNothing => {
                (FailureKind::FollowsNothing, "Let it follow a primary with 'cfn db follow URL'.")
            }
            FollowError::Unreachable { .. } => (
                FailureKind::PrimaryUnreachable,
                "Nothing was changed; try again when the primary is there. Loads go on from this database.",
            ),
            FollowError::Conflict { .. } => (FailureKind::Conflict, "Nothing was changed; try again."),
            FollowError::Differs { .. } => {
                (FailureKind::FollowerDiffers, "Run 'cfn db follow' with the same URL: it pulls everything anew.")
            }
        };
        Self::new(kind, message, hint)
    }
}
