//! What a run of deliveries came to.

use serde::Serialize;

use crate::ops::follow::PullReport;

/// The outcome of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncReport {
    /// Deliveries that took effect.
    pub delivered: u64,
    /// Deliveries that had taken effect before.
    pub delivered_before: u64,
    /// Deliveries that failed and will be retried.
    pub failed: u64,
    /// Number of dead letters.
    pub dead_letters: u64,
    /// What was pulled from the primary, if the database follows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow: Option<PullReport>,
    /// Why the last one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl SyncReport {
    /// Number of deliveries with an outcome.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.delivered + self.delivered_before + self.failed + self.dead_letters
    }
}
