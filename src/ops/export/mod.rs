//! `export`: writes the approved folders of skills to where clients read them, takes away what is not approved any
//! more, and compares the two.
//!
//! | file | what it owns |
//! |---|---|
//! | `request`, `report`, `error` | what is asked, what was done, why it failed |
//! | `wanted` | the skills of the selection, in the versions that are served |
//! | `judged` | what becomes of skills that other exports wrote |
//! | `place` | the folder: opening, locking, reading and replacing the record |
//! | `lock` | the record of exports, `cfn-export.lock` |
//! | `survey`, `difference` | the comparison of what should be there with what is |
//! | `preflight` | what a client would cut from its listing |
//! | `apply` | writing, replacing and removing folders; the quarantine |

mod apply;
mod difference;
mod error;
mod judged;
mod lock;
mod place;
mod preflight;
mod report;
mod request;
mod run;
mod survey;
mod wanted;

use std::path::Path;
use std::time::Duration;

use super::error::Result;
use crate::model::Visible;
use crate::store::{Snapshot, Store};

pub use error::ExportError;
pub use preflight::export_budget;
pub use report::{ExportCheck, ExportReport, FolderDifference, RemovedSkill, WrittenSkill};
pub use request::{Export, Layout, Selection};
pub use survey::FolderState;

use judged::{Judged, judged};
use place::{Intent, Place};
use survey::Survey;

/// The skills that exports to a folder wrote and that are not served any more, each with the reason; `None` if the folder
/// has no record of exports.
pub(super) fn exported_and_unserved(snapshot: &dyn Snapshot, folder: &Path) -> Result<Option<Vec<String>>> {
    let lock = Place::open(folder, Intent::Look, Duration::ZERO)?.lock()?;
    if lock.skills.is_empty() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for locked in lock.skills.values() {
        if let Judged::Leaves(why) = judged(snapshot, locked)? {
            found.push(format!("{}: {}", Visible(&locked.skill), Visible(why)));
        }
    }
    Ok(Some(found))
}

/// Exports skills. What is not served any more is removed even if something is in the way of the others.
pub fn export(store: &mut dyn Store, request: &Export) -> Result<ExportReport> {
    let place = Place::open(&request.folder, Intent::Write, request.patience)?;
    // After waiting for the folder, so that the last one to write has the latest state.
    let snapshot = store.read()?;
    run::export(snapshot.as_ref(), &place, request)
}

/// Says what an export would do.
pub fn plan_export(store: &mut dyn Store, request: &Export) -> Result<ExportReport> {
    let place = Place::open(&request.folder, Intent::Look, request.patience)?;
    let snapshot = store.read()?;
    Ok(run::plan(Survey::of(snapshot.as_ref(), &place, request)?, request))
}

/// Compares what is there with what an export would leave there.
pub fn check_export(store: &mut dyn Store, request: &Export) -> Result<ExportCheck> {
    let place = Place::open(&request.folder, Intent::Look, request.patience)?;
    let snapshot = store.read()?;
    Ok(run::check(Survey::of(snapshot.as_ref(), &place, request)?, request))
}
