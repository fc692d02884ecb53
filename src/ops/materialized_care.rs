//! Looking after materialized folders: which are of no use any more, and which must go at once.

use std::path::PathBuf;

use super::error::Result;
use crate::model::ContentHash;
use crate::skill_folder::{Materialized, MaterializedFolder};
use crate::store::Snapshot;

/// Seconds after which an unused folder may be removed.
const LONGEST_UNUSED: i64 = 30 * 24 * 60 * 60;

/// Removes folders that no version names and that nobody used for 30 days, and what killed processes left. Returns the
/// paths of the folders.
pub fn remove_unused(snapshot: &dyn Snapshot, materialized: &Materialized, now: i64) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for folder in materialized.folders()? {
        if now.saturating_sub(folder.used) >= LONGEST_UNUSED && !is_named(snapshot, &folder)? {
            removed.push(materialized.remove(&folder)?);
        }
    }
    Ok(removed)
}

/// Whether a version or a bootstrap skill has this folder.
fn is_named(snapshot: &dyn Snapshot, folder: &MaterializedFolder) -> Result<bool> {
    if !snapshot.holders(&folder.folder_hash)?.is_empty() {
        return Ok(true);
    }
    // A skill file alone has no recorded folder hash.
    let Some(hash) = folder.skill_hash().filter(|_| folder.files.len() == 1).map(|it| it.to_string()) else {
        return Ok(false);
    };
    let is_bootstrap = || Ok(snapshot.bootstrap()?.iter().any(|it| it.content_hash.as_deref() == Some(hash.as_str())));
    if snapshot.holders(&hash)?.is_empty() { is_bootstrap() } else { Ok(true) }
}

/// The materialized folders in which a file has one of these hashes.
pub fn materialized_with(materialized: &Materialized, hashes: &[ContentHash]) -> Result<Vec<MaterializedFolder>> {
    Ok(materialized.folders()?.into_iter().filter(|it| hashes.iter().any(|hash| it.holds(hash))).collect())
}
