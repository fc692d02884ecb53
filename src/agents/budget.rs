//! The memory that all runs of a project may have together.

use std::fs::File;

use super::error::Result;
use super::run_folder::Runs;

/// The turn of a command to start runs within a budget. Whoever has it looks for room, so that a large run is not passed by
/// small ones for ever.
#[derive(Debug)]
pub struct Turns {
    budget: Option<u64>,
    lock: Option<File>,
}

/// A place within the budget. It is held until the run's plan lies in its folder, where others find it.
#[derive(Debug)]
pub struct Turn {
    _lock: Option<File>,
}

impl Turns {
    /// With a budget in bytes, if there is one.
    #[must_use]
    pub fn within(budget: Option<u64>) -> Self {
        Self { budget, lock: None }
    }

    /// A place for a run with this limit of memory; `None` if there is no room yet. A run without a limit needs none.
    pub fn take(&mut self, runs: &Runs, bytes: Option<u64>) -> Result<Option<Turn>> {
        let (Some(budget), Some(bytes)) = (self.budget, bytes) else { return Ok(Some(Turn { _lock: None })) };
        if self.lock.is_none() {
            self.lock = runs.turn()?;
        }
        let is_room = self.lock.is_some() && taken(runs).saturating_add(bytes) <= budget;
        Ok(is_room.then(|| Turn { _lock: self.lock.take() }))
    }
}

/// The limits of all that runs.
fn taken(runs: &Runs) -> u64 {
    let alive = runs.open().into_iter().filter(super::RunFolder::is_alive);
    let limits = alive.filter_map(|it| it.plan()?.limits.memory_bytes);
    limits.fold(0, u64::saturating_add)
}
