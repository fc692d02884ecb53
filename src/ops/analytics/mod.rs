//! `analytics`: what skills are used, whether they help, and what they save. Every report is a few tables, so that text, JSON and
//! CSV are the same thing written in three ways.

mod approvals;
mod kept;
mod layout;
mod period;
mod table;
mod usage;

use serde::Serialize;

use super::cached::{Query as _, answer, recall};
use super::error::Result;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::store::{Days, Durability, Proof, Snapshot, Store, Sums, write};

pub use kept::Asked;
pub use period::Period;
pub use table::{Cell, Table};

/// A report by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportName {
    /// One screen of everything.
    Overview,
    /// Whether skills help, by skill.
    Effectiveness,
    /// Whether skills help, by the level that the row recorded.
    EffectivenessByApproval,
    /// Whether generated skills help, and the most used of them.
    Phase4Performance,
    /// Decisions and how long they took.
    Velocity,
    /// What waits for review.
    Bottlenecks,
    /// Skills by level and status.
    ByApproval,
    /// How decisions turn out, by level.
    ApprovalEfficiency,
    /// Who uses what.
    Usage,
    /// What was saved.
    Cost,
}

/// What to report.
#[derive(Debug, Clone)]
pub struct Analytics {
    /// Which report.
    pub report: ReportName,
    /// Over which days; all, where not given.
    pub period: Option<Period>,
    /// Only of this agent type.
    pub agent_type: Option<String>,
    /// Only skills of this category.
    pub category: Option<String>,
    /// The most rows of a table.
    pub limit: Option<usize>,
}

impl Analytics {
    /// A report over everything.
    #[must_use]
    pub fn whole(report: ReportName) -> Self {
        Self { report, period: None, agent_type: None, category: None, limit: None }
    }
}

/// A report.
#[derive(Debug, Clone, Serialize)]
pub struct AnalyticsReport {
    /// Its name.
    pub report: &'static str,
    /// The first day; none: everything.
    pub first_day: Option<String>,
    /// The last day; none: everything.
    pub last_day: Option<String>,
    /// What it has to say.
    pub tables: Vec<Table>,
}

/// Tail rows that a report may add up by itself before they are folded in.
const LONGEST_TAIL: u64 = 1_000;

/// Rows that are folded in by one transaction.
const FOLD_AT_ONCE: i64 = 500_000;

/// Whether the rollups should be brought up to date before a report; only somebody who may write can do that.
pub fn is_behind(store: &mut dyn Store) -> Result<bool> {
    let backlog = store.read()?.backlog()?;
    let usable = backlog.trustworthy && !backlog.dirty && backlog.tail <= LONGEST_TAIL;
    Ok(backlog.repairable && !usable)
}

/// Brings the rollups up to date, a few transactions of bounded size; `progress` gets the rows that are left.
pub fn catch_up(store: &mut dyn Store, progress: &mut dyn FnMut(u64)) -> Result<()> {
    loop {
        let left = write(store, Durability::Normal, |tx| -> Result<u64> {
            if !tx.backlog()?.trustworthy {
                tx.forget_rollups()?;
            }
            tx.roll_up(FOLD_AT_ONCE)?;
            Ok(tx.backlog()?.tail)
        })?;
        progress(left);
        if left == 0 {
            return Ok(());
        }
    }
}

/// Answers a report from the cache, if it has it: then the rollups need not be brought up to date.
pub fn recalled_report(store: &mut dyn Store, cache: &dyn Cache, asked: &Asked) -> Result<Option<AnalyticsReport>> {
    recall(store, cache, asked)
}

/// Answers a report from one snapshot: from the rollups where they are exact, else from a full scan.
pub fn analytics(store: &mut dyn Store, cache: &dyn Cache, asked: &Asked) -> Result<AnalyticsReport> {
    answer(store, cache, asked)
}

/// Every report with the same filters, all from one snapshot, so that their figures agree.
pub fn every_report(store: &mut dyn Store, clock: Clock, request: &Analytics) -> Result<Vec<AnalyticsReport>> {
    let snapshot = store.read()?;
    let requests = ReportName::ALL.into_iter().map(|(report, _)| Analytics { report, ..request.clone() });
    requests.map(|it| Asked::now(&it, clock).compute(snapshot.as_ref())).collect()
}

fn tables(snapshot: &dyn Snapshot, asked: &Asked) -> Result<Vec<Table>> {
    let backlog = snapshot.backlog()?;
    let sums = if backlog.trustworthy && !backlog.dirty { Sums::Rollups } else { Sums::Scan };
    let source = Source { snapshot, days: asked.days.as_ref(), sums, request: &asked.request };
    let mut tables = source.tables(asked.clock)?;
    if let Some(limit) = asked.request.limit {
        for table in &mut tables {
            table.rows.truncate(limit);
        }
    }
    Ok(tables)
}

/// What a proof found.
#[derive(Debug, Clone, Serialize)]
pub struct ProofReport {
    /// Cells that were compared, by day.
    pub cells: i64,
    /// Rows of the log that they add up.
    pub rows: i64,
    /// Cells whose rollup is not its full scan.
    pub differences: i64,
}

/// Compares every rollup cell with a full scan of the same snapshot.
pub fn prove(store: &mut dyn Store) -> Result<ProofReport> {
    let Proof { cells, rows, differences } = store.read()?.prove()?;
    Ok(ProofReport { cells, rows, differences })
}

/// Throws the rollups away and adds the whole log up again: the way out where a proof failed.
pub fn rebuild(store: &mut dyn Store, progress: &mut dyn FnMut(u64)) -> Result<()> {
    write(store, Durability::Normal, |tx| tx.forget_rollups())?;
    catch_up(store, progress)
}

/// What a report is made from.
struct Source<'a> {
    snapshot: &'a dyn Snapshot,
    days: Option<&'a Days>,
    sums: Sums,
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
        let mut cells = self.snapshot.usage_cells(self.days, self.sums)?;
        cells.retain(|it| {
            self.request.agent_type.as_ref().is_none_or(|agent| *agent == it.agent_type)
                && self.request.category.as_ref().is_none_or(|category| Some(category) == it.category.as_ref())
        });
        Ok(cells)
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
