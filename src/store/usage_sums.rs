//! The care of sums of the usage log, which an engine may keep to make reports fast.

use super::{Proof, Result};

/// The care of sums that an engine may keep of the usage log, so that a report need not read all of it.
///
/// Promise: what [`UsageLog`](super::UsageLog) answers is exact whatever the sums are, and recording what came of uses keeps them
/// nearly up to date by itself. An engine that keeps none is never behind.
pub trait UsageSums {
    /// Whether reports would be faster after [`catch_up`](Self::catch_up).
    fn is_behind(&mut self) -> Result<bool>;
    /// Brings the sums up to date, in transactions of bounded size; `progress` gets the rows that are left.
    fn catch_up(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()>;
    /// Compares every sum with the rows that it adds up, in one snapshot.
    fn prove(&mut self) -> Result<Proof>;
    /// Adds the whole log up again: the way out where a proof failed.
    fn rebuild(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()>;
}
