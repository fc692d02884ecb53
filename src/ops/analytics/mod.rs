//! `analytics`: which skills are used, whether they help, and what they save. Every report is a list of tables, so
//! text, JSON and CSV are three renderings of the same data.

mod approvals;
mod column;
mod kept;
mod layout;
mod period;
mod table;
mod usage;

use serde::{Serialize, Serializer};

use super::cached::{Query as _, answer, recall};
use super::error::Result;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::store::{Days, Snapshot, Store};

pub use column::{Column, Unit};
pub use kept::Asked;
pub use layout::TableName;
pub use period::Period;
pub use table::{Cell, Table};

/// A report by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportName {
    /// An overview on one screen.
    Overview,
    /// Whether skills help, by skill.
    Effectiveness,
    /// Whether skills help, by recorded approval level.
    EffectivenessByApproval,
    /// Whether generated skills help, and the most used ones.
    Phase4Performance,
    /// Decisions and how long they took.
    Velocity,
    /// Skills that wait for review.
    Bottlenecks,
    /// Skills by level and status.
    ByApproval,
    /// Outcomes of decisions, by level.
    ApprovalEfficiency,
    /// Uses by skill and agent type.
    Usage,
    /// Savings.
    Cost,
}

/// A request for a report.
#[derive(Debug, Clone)]
pub struct Analytics {
    /// The report.
    pub report: ReportName,
    /// The period; everything by default.
    pub period: Option<Period>,
    /// Include only uses by this agent type.
    pub agent_type: Option<String>,
    /// Include only skills of this category.
    pub category: Option<String>,
    /// Maximum number of rows in each table.
    pub limit: Option<usize>,
}

impl Analytics {
    /// A report without filters.
    #[must_use]
    pub fn whole(report: ReportName) -> Self {
        Self { report, period: None, agent_type: None, category: None, limit: None }
    }
}

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

/// Answers a report from the cache, if it has it: then no sums need to be brought up to date.
pub fn recalled_report(store: &mut dyn Store, cache: &dyn Cache, asked: &Asked) -> Result<Option<AnalyticsReport>> {
    recall(store, cache, asked)
}

/// Answers a report from one snapshot.
pub fn analytics(store: &mut dyn Store, cache: &dyn Cache, asked: &Asked) -> Result<AnalyticsReport> {
    answer(store, cache, asked)
}

/// All reports with the same filters, from one snapshot, so that their figures agree.
pub fn every_report(store: &mut dyn Store, clock: Clock, request: &Analytics) -> Result<Vec<AnalyticsReport>> {
    let snapshot = store.read()?;
    let requests = ReportName::ALL.into_iter().map(|(report, _)| Analytics { report, ..request.clone() });
    requests.map(|it| Asked::now(&it, clock).compute(snapshot.as_ref())).collect()
}

fn tables(snapshot: &dyn Snapshot, asked: &Asked) -> Result<Vec<Table>> {
    let source = Source { snapshot, days: asked.days, request: &asked.request };
    let mut tables = source.tables(asked.clock)?;
    if let Some(limit) = asked.request.limit {
        for table in &mut tables {
            table.rows.truncate(limit);
        }
    }
    Ok(tables)
}

/// What a report is made from.
struct Source<'a> {
    snapshot: &'a dyn Snapshot,
    days: Option<Days>,
    request: &'a Analytics,
}

impl Source<'_> {
    fn tables(&self, clock: Clock) -> Result<Vec<Table>> {
        match self.request.report {
            ReportName::Overview => Ok(vec![
                usage::effectiveness_overall(self)?,
                usage::most_used(self, 5)?,
                usage::days(self)?,
                approvals::by_approval(self)?,
                usage::cost_overall(self)?,
            ]),
            ReportName::Effectiveness => Ok(vec![usage::effectiveness_overall(self)?, usage::effectiveness(self)?]),
            ReportName::EffectivenessByApproval => Ok(vec![usage::effectiveness_by_approval(self)?]),
            ReportName::Phase4Performance => Ok(vec![usage::phase4(self)?, usage::most_used_generated(self, 5)?]),
            ReportName::Velocity => Ok(vec![approvals::velocity(self)?, approvals::decisions(self)?]),
            ReportName::Bottlenecks => Ok(vec![approvals::bottlenecks(self, clock)?]),
            ReportName::ByApproval => Ok(vec![approvals::by_approval(self)?]),
            ReportName::ApprovalEfficiency => Ok(vec![approvals::efficiency(self)?]),
            ReportName::Usage => Ok(vec![usage::usage(self)?, usage::unused(self)?]),
            ReportName::Cost => Ok(vec![usage::cost_overall(self)?, usage::cost(self)?]),
        }
    }

    fn category(&self) -> Option<&str> {
        self.request.category.as_deref()
    }

    /// The cells that pass the filters.
    fn cells(&self) -> Result<Vec<crate::model::UsageCell>> {
        let mut cells = self.snapshot.usage_cells(self.days)?;
        cells.retain(|it| {
            self.request.agent_type.as_ref().is_none_or(|agent| *agent == it.agent_type)
                && self.request.category.as_ref().is_none_or(|category| Some(category) == it.category.as_ref())
        });
        Ok(cells)
    }
}

impl Serialize for ReportName {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl ReportName {
    /// Every report, with its word.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Overview, "overview"),
        (Self::Effectiveness, "effectiveness"),
        (Self::EffectivenessByApproval, "effectiveness-by-approval"),
        (Self::Phase4Performance, "phase4-performance"),
        (Self::Velocity, "velocity"),
        (Self::Bottlenecks, "bottlenecks"),
        (Self::ByApproval, "by-approval"),
        (Self::ApprovalEfficiency, "approval-efficiency"),
        (Self::Usage, "usage"),
        (Self::Cost, "cost"),
    ];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(name, _)| *name == self).map_or("", |(_, word)| word)
    }
}
