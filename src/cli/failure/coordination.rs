//! Errors of coordination.

use super::{Failure, FailureKind};
use crate::model::{InvalidAgentId, InvalidTaskId};
use crate::ops::TaskNotFound;

/// What to do about an invalid id.
const CORRECT_ID: &str = "Nothing was changed; correct the id.";

impl From<InvalidAgentId> for Failure {
    fn from(error: InvalidAgentId) -> Self {
        Self::input(error.to_string(), CORRECT_ID)
    }
}

impl From<InvalidTaskId> for Failure {
    fn from(error: InvalidTaskId) -> Self {
        Self::input(error.to_string(), CORRECT_ID)
    }
}

impl From<TaskNotFound> for Failure {
    fn from(error: TaskNotFound) -> Self {
        let hint = format!("Set it with 'cfn coord {}'; it may have expired.", error.what);
        Self::new(FailureKind::TaskNotFound, error.to_string(), hint)
    }
}
