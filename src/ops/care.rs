//! `db check`: checks the database and the files on disk.

use serde::Serialize;

use super::content_file::Files;
use super::error::{Error, Result};
use super::project::Project;
use super::verify::{Verified, verify};
use crate::model::Remark;
use crate::store::{CheckReport, Store, StoreError};

/// The findings.
#[derive(Debug, Clone, Serialize)]
pub struct CareReport {
    /// Damage and orphans in the database.
    #[serde(flatten)]
    pub database: CheckReport,
    /// Missing content, and files that differ from the approved bytes.
    pub differences: Vec<Remark<Verified>>,
}

/// Checks everything; the files only if the database is not damaged. `progress` gets the number of skills done and in
/// total.
pub fn check(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<CareReport> {
    let mut database = store.care().check()?;
    if !database.damage.is_empty() {
        return Ok(CareReport { database, differences: Vec::new() });
    }
    let differences = match verify(store, files, project, None, progress) {
        Ok(report) => report.differences,
        // An unknown value in an old table without constraints: one row must not hide the rest of the report.
        Err(Error::Store(error @ StoreError::DamagedRow { .. })) => {
            database.warnings.push(format!("files were not compared: {error}"));
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    Ok(CareReport { database, differences })
}
