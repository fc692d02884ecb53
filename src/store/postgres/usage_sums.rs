//! The care of the rollups: updating, verifying and rebuilding them.

use super::beginning::Beginning;
use super::rollups::Folded;
use super::{PostgresStore, cells, rollups};
use crate::store::{Proof, Result, StoreError, UsageSums};

/// Attempts to fold while others do, or while somebody changes the triggers.
const TRIES: u32 = 10;

impl PostgresStore {
    /// Runs a step in a transaction of its own.
    pub(super) fn step<T>(
        &mut self,
        beginning: Beginning,
        step: impl FnOnce(&super::Session) -> Result<(T, bool)>,
    ) -> Result<T> {
        self.connected()?;
        self.session.begin(beginning);
        let (result, is_complete) = step(&self.session).inspect_err(|_| self.session.undo())?;
        if is_complete {
            self.session.commit()?;
        } else {
            self.session.undo();
        }
        Ok(result)
    }

    /// Brings the rollups to now. A fold that meets another one fails, and runs again with a newer snapshot.
    fn fold(&mut self) -> Result<()> {
        for _ in 0..TRIES {
            let fold = |session: &super::Session| rollups::fold(session).map(|it| (it, it == Folded::Done));
            match self.step(Beginning::Fold, fold) {
                Ok(Folded::Done) => return Ok(()),
                Ok(Folded::Busy) => {
                    self.step(Beginning::Unlocked, |session| rollups::wait(session).map(|()| ((), false)))?;
                }
                Ok(Folded::Unguarded) => {
                    self.step(Beginning::Unlocked, |session| rollups::guard(session).map(|()| ((), true)))?;
                }
                Err(_) if self.session.conflict().is_some() => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict { location: self.session.place().location(), attempts: TRIES })
    }
}

impl UsageSums for PostgresStore {
    fn is_behind(&mut self) -> Result<bool> {
        self.step(Beginning::Read, |session| rollups::is_due(session).map(|it| (it, false)))
    }

    fn catch_up(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()> {
        self.fold()?;
        progress(0);
        Ok(())
    }

    fn prove(&mut self) -> Result<Proof> {
        self.step(Beginning::Read, |session| cells::prove(session).map(|it| (it, false)))
    }

    fn rebuild(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()> {
        self.step(Beginning::Unlocked, |session| rollups::forget(session).map(|()| ((), true)))?;
        self.catch_up(progress)
    }
}
