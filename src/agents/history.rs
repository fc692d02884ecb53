//! Results, on their way from the folders of runs to the history.

use std::thread;
use std::time::Duration;

use super::error::Result;
use super::run_folder::RunFolder;
use crate::model::AgentRun;
use crate::store::{AgentRuns, StoreError};

/// How often, and after which pause, a result is written again where the disk is full.
const ATTEMPTS: usize = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// Writes a result beside the lock, and then to the history. If the history cannot take it now, the next command that looks
/// after runs gives it to it. Without a history, the folder keeps it.
pub(super) fn settle(folder: &RunFolder, result: &AgentRun, history: Option<&mut dyn AgentRuns>) -> Result<()> {
    let mut kept = folder.set_result(result);
    for _ in 1..ATTEMPTS {
        if kept.is_ok() {
            break;
        }
        thread::sleep(PAUSE);
        kept = folder.set_result(result);
    }
    if let Some(history) = history {
        match history.record(std::slice::from_ref(result)) {
            Ok(true) => {}
            Ok(false) => return kept,
            Err(error) => {
                tracing::debug!(%error, agent = result.agent_id, "the history does not have its result yet");
                return kept.map_err(|_| error.into());
            }
        }
    }
    folder.set_recorded()
}

/// Gives the history a result that it could not take before. A busy history takes it the next time.
pub(super) fn take_in(folder: &RunFolder, result: &AgentRun, history: Option<&mut dyn AgentRuns>) -> Result<()> {
    let taken = history.map_or(Ok(true), |it| it.record(std::slice::from_ref(result)));
    match taken {
        Ok(true) => folder.set_recorded(),
        Ok(false) | Err(StoreError::Busy { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
