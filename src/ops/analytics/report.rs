//! A report, whichever it is.

use serde::Serialize;

use super::request::ReportName;
use super::table::Table;

/// A report.
#[derive(Debug, Clone, Serialize)]
pub struct AnalyticsReport {
    /// Its name.
    pub report: ReportName,
    /// The first day; `None` for everything.
    pub first_day: Option<String>,
    /// The last day; `None` for everything.
    pub last_day: Option<String>,
    /// Its tables.
    pub tables: Vec<Table>,
}
