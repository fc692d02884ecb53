//! `db check`: the database's own check, and the files on disk.

use serde::Serialize;

use super::content_file::Files;
use super::error::Result;
use super::project::Project;
use super::verify::{Difference, verify};
use crate::store::{CheckReport, Maintenance, Store};

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct CareReport {
    /// Damage and orphans in the database.
    #[serde(flatten)]
    pub database: CheckReport,
    /// Contents that are missing, or files that are not what was approved.
    pub differences: Vec<Difference>,
}

/// Checks everything; the files are not looked at where the database is damaged.
pub fn check(store: &mut (impl Store + Maintenance), files: &Files, project: &Project) -> Result<CareReport> {
    let database = Maintenance::check(store)?;
    let differences =
        if database.damage.is_empty() { verify(store, files, project, None)?.differences } else { Vec::new() };
    Ok(CareReport { database, differences })
}
