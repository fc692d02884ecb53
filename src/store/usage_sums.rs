//! The care of the sums of the usage log, which an engine may keep to make reports fast.

use super::{Proof, Result};

/// The care of the sums that an engine may keep, so that a report need not read the whole usage log.
///
/// Promise: the results of [`UsageLog`](super::UsageLog) are exact in any state of the sums, and recording outcomes
/// keeps them nearly up to date. An engine without sums is never behind.
pub trait UsageSums {
    /// Whether reports would be faster after [`catch_up`](Self::catch_up).
    fn is_behind(&mut self) -> Result<bool>;
    /// Updates the sums, in transactions of limited size; `progress` gets the number of rows left.
    fn catch_up(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()>;
    /// Compares every sum with its rows, in one snapshot.
    fn prove(&mut self) -> Result<Proof>;
    /// Recomputes all sums from the log, in case [`prove`](Self::prove) finds differences.
    fn rebuild(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()>;
}
