//! The care of the rollups: updating, verifying and rebuilding them.

use super::{SqliteStore, cells, rollups};
use crate::store::{Durability, Proof, Result, UsageSums};

/// Number of rows folded in per transaction.
const FOLD_AT_ONCE: i64 = 500_000;

/// Attempts to update the rollups while others change old rows; after these, a scan answers.
const TRIES: usize = 3;

impl SqliteStore {
    /// One pass over the tail.
    fn fold_tail(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()> {
        loop {
            let transaction = self.begin_write(Durability::Normal)?;
            let left = transaction.say(rollups::fold(transaction.connection(), FOLD_AT_ONCE))?;
            transaction.commit()?;
            progress(left);
            if left == 0 {
                return Ok(());
            }
        }
    }
}

impl UsageSums for SqliteStore {
    fn is_behind(&mut self) -> Result<bool> {
        let snapshot = self.begin_read()?;
        Ok(snapshot.say(rollups::backlog(snapshot.connection()))?.is_due())
    }

    fn catch_up(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()> {
        for _ in 0..TRIES {
            self.fold_tail(progress)?;
            if !self.is_behind()? {
                break;
            }
        }
        Ok(())
    }

    fn prove(&mut self) -> Result<Proof> {
        let snapshot = self.begin_read()?;
        snapshot.say(cells::prove(snapshot.connection()))
    }

    fn rebuild(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let transaction = self.begin_write(Durability::Normal)?;
        transaction.say(rollups::forget(transaction.connection()))?;
        transaction.commit()?;
        self.fold_tail(progress)
    }
}
