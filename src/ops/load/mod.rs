//! `load`: the approved skills of an agent type. Content comes from the database, and its hash is verified; the files
//! on disk are not read for it.

mod budget;
mod format;
mod kept;
mod listing;
mod paths;
mod picked;
mod places;
mod preflight;
mod remembered;
mod report;
mod request;
mod selection;
pub(super) mod unserved;

use super::cached::cached;
use super::error::Result;
use super::update::as_snapshot;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::model::{Moment, Usage};
use crate::store::{Durability, Store, Transaction, write};

use budget::settle;
pub use format::Format;
pub use listing::Listed;
use paths::{complete, need_paths};
pub use picked::{Cause, Picked};
pub use places::{Paths, Places};
pub use preflight::load_budget;
pub use remembered::Remembered;
pub use report::{LoadReport, LoadedSkill};
pub use request::{Load, UsageOf};
pub(super) use selection::{select, select_among};

/// Loads from the cache, or from one snapshot.
pub fn load(store: &mut dyn Store, cache: &dyn Cache, request: &Load) -> Result<LoadReport> {
    let mut report = cached(store, cache, request)?;
    settle(request, &mut report);
    Ok(report)
}

/// Loads skills, and logs one usage row for each in the same transaction. Files are written before it, so that nobody
/// waits for them.
pub fn load_and_log(store: &mut dyn Store, clock: Clock, request: &Load, usage: &UsageOf) -> Result<LoadReport> {
    let now = clock.moment();
    let without_files = write(store, Durability::Normal, |tx| -> Result<_> {
        tx.claim(&[])?;
        let report = select(as_snapshot(tx), request)?;
        if need_paths(request, &report) {
            Ok(None)
        } else {
            complete_and_log(tx, now, request, usage, report).map(Some)
        }
    })?;
    if let Some(report) = without_files {
        return Ok(report);
    }
    let snapshot = store.read()?;
    complete(snapshot.as_ref(), request, &mut select(snapshot.as_ref(), request)?)?;
    drop(snapshot);
    write(store, Durability::Normal, |tx| {
        tx.claim(&[])?;
        let report = select(as_snapshot(tx), request)?;
        complete_and_log(tx, now, request, usage, report)
    })
}

fn complete_and_log(
    tx: &mut dyn Transaction,
    now: Moment,
    request: &Load,
    usage: &UsageOf,
    mut report: LoadReport,
) -> Result<LoadReport> {
    complete(as_snapshot(tx), request, &mut report)?;
    settle(request, &mut report);
    log(tx, now, request, usage, &report)?;
    Ok(report)
}

fn log(tx: &mut dyn Transaction, now: Moment, request: &Load, usage: &UsageOf, report: &LoadReport) -> Result<()> {
    for Picked { origin, version, content_hash, .. } in report.skills.iter().map(|it| &it.picked) {
        let Some(origin) = origin else { continue };
        tx.log_usage(&Usage {
            agent_id: &usage.agent_id,
            agent_type: request.agent_type.as_str(),
            skill_id: origin.id,
            task_id: usage.task_id.as_deref(),
            phase: request.phase.as_deref(),
            loaded_at: now,
            approval_level: origin.approval_level,
            phase4_generated: origin.phase4_generated,
            version: Some(version),
            content_hash: Some(content_hash),
            outcome: None,
        })?;
    }
    Ok(())
}
