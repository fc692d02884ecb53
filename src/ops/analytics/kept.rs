//! The cached form of a report: the cells of its tables.

use super::layout;
use super::period::Period;
use super::report::AnalyticsReport;
use super::request::{Analytics, DAYS_OF_ROWS, MOST_DAYS_OF_ROWS, ReportName};
use super::table::{Cell, Table};
use super::tables::tables;
use crate::cache::{Class, Question};
use crate::clock::Clock;
use crate::model::Tables;
use crate::ops::cached::Query;
use crate::ops::error::Result;
use crate::store::{Days, Snapshot};

/// A request for a report at a fixed time, so that its period does not change meanwhile.
#[derive(Debug, Clone)]
pub struct DatedRequest {
    pub(super) request: Analytics,
    pub(super) days: Option<Days>,
    pub(super) clock: Clock,
}

impl DatedRequest {
    /// Fixes a request to the current time.
    #[must_use]
    pub fn now(request: &Analytics, clock: Clock) -> Self {
        let clock = Clock::Fixed(clock.now());
        let default = request.report.counts_rows().then_some(Period::Last(DAYS_OF_ROWS));
        Self { request: request.clone(), days: request.period.or(default).map(|it| it.days(clock)), clock }
    }

    /// Whether it counts more days row by row than it may.
    #[must_use]
    pub fn counts_too_many_days(&self) -> bool {
        let length = self.days.map(|it| it.first.until(it.last).map_or(i32::MAX, |span| span.get_days()));
        self.request.report.counts_rows() && length.is_none_or(|it| it >= MOST_DAYS_OF_ROWS)
    }

    fn report(&self, tables: Vec<Table>) -> AnalyticsReport {
        AnalyticsReport {
            report: self.request.report,
            first_day: self.days.map(|it| it.first.to_string()),
            last_day: self.days.map(|it| it.last.to_string()),
            tables,
        }
    }
}

impl Query for DatedRequest {
    type Answer = AnalyticsReport;

    fn question(&self) -> Question {
        let (first, last) = self.days.map(|it| (it.first.to_string(), it.last.to_string())).unzip();
        Question::new(Class::Analytics, Tables::CatalogueAndUsage, "analytics")
            .text(self.request.report.as_str())
            .optional(first.as_deref())
            .optional(last.as_deref())
            .optional(self.request.agent_type.as_deref())
            .optional(self.request.category.as_deref())
            .number(self.request.limit.map(|it| it as u64))
            .text(&self.request.price.to_string())
    }

    /// Waiting times depend on the time of day.
    fn keeps(&self) -> bool {
        self.request.report != ReportName::Bottlenecks
    }

    fn compute(&self, snapshot: &dyn Snapshot) -> Result<AnalyticsReport> {
        Ok(self.report(tables(snapshot, &self.request, self.days, self.clock)?))
    }

    fn kept(&self, answer: &AnalyticsReport) -> Option<Vec<u8>> {
        let rows: Vec<_> = answer.tables.iter().map(|it| &it.rows).collect();
        serde_json::to_vec(&rows).ok()
    }

    fn recalled(&self, kept: &[u8]) -> Option<(AnalyticsReport, Vec<String>)> {
        let rows: Vec<Vec<Vec<Cell>>> = serde_json::from_slice(kept).ok()?;
        let names = layout::of(self.request.report);
        if rows.len() != names.len() {
            return None;
        }
        let tables = names.iter().zip(rows).map(|(name, rows)| Table::matching(*name, rows)).collect::<Option<_>>()?;
        Some((self.report(tables), Vec::new()))
    }
}
