//! `db check`: the database's own check, and the files on disk.

use serde::Serialize;

use super::content_file::Files;
use super::error::{Error, Result};
use super::project::Project;
use super::verify::{Difference, verify};
use crate::store::{CheckReport, Store, StoreError, file_care};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct CareReport {
    /// Damage and orphans in the database.
    #[serde(flatten)]
    pub database: CheckReport,
    /// Contents that are missing, or files that are not what was approved.
    pub differences: Vec<Difference>,
}

/// Checks everything; the files are not looked at where the database is damaged. `progress` gets how many skills are done, and all.
pub fn check(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<CareReport> {
    let mut database = file_care(store)?.check()?;
    if !database.damage.is_empty() {
        return Ok(CareReport { database, differences: Vec::new() });
    }
    let differences = match verify(store, files, project, None, progress) {
        Ok(report) => report.differences,
        // A value that cfn does not know, from an old table without the rule: one row must not hide the rest of this report.
        Err(Error::Store(error @ StoreError::DamagedRow { .. })) => {
            database.warnings.push(format!("files were not compared, because {error}"));
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    Ok(CareReport { database, differences })
}
