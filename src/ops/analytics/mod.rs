//! `analytics`: which skills are used, whether they help, and what they save. Every report is a list of tables, so
//! text, JSON and CSV are three renderings of the same data.

mod approvals;
mod column;
mod kept;
mod layout;
mod period;
mod report;
mod request;
mod source;
mod table;
mod tables;
mod usage;

use super::cached::{Query as _, answer, recall};
use super::error::Result;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::store::Store;

pub use column::{Column, Unit};
pub use kept::DatedRequest;
pub use layout::TableName;
pub use period::Period;
pub use report::AnalyticsReport;
pub use request::{Analytics, MOST_DAYS_OF_ROWS, ReportName};
pub use table::{Cell, Table};

/// Answers a report from the cache, if it has it: then no sums need to be brought up to date.
pub fn recalled_report(
    store: &mut dyn Store,
    cache: &dyn Cache,
    asked: &DatedRequest,
) -> Result<Option<AnalyticsReport>> {
    recall(store, cache, asked)
}

/// Answers a report from one snapshot.
pub fn analytics(store: &mut dyn Store, cache: &dyn Cache, asked: &DatedRequest) -> Result<AnalyticsReport> {
    answer(store, cache, asked)
}

/// All reports with the same filters, from one snapshot, so that their figures agree.
pub fn every_report(store: &mut dyn Store, clock: Clock, request: &Analytics) -> Result<Vec<AnalyticsReport>> {
    let snapshot = store.read()?;
    // A page of the whole log has no report that counts row by row.
    let names = ReportName::ALL.into_iter().filter(|(report, _)| !report.counts_rows());
    let requests = names.map(|(report, _)| Analytics { report, ..request.clone() });
    requests.map(|it| DatedRequest::now(&it, clock).compute(snapshot.as_ref())).collect()
}
