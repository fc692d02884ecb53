//! The tables of each report, and their columns.

use super::ReportName;
use super::table::{Cell, Table};

/// A table without its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    name: &'static str,
    columns: &'static [&'static str],
}

const MEASURES: &[&str] = &["skills", "uses", "mean_gain", "mean_execution_ms", "helped_rate", "success_rate"];
const RANKING: &[&str] = &["skill", "uses", "mean_gain"];

pub(super) const OVERALL: Layout = Layout { name: "overall", columns: MEASURES };
pub(super) const BY_SKILL: Layout = Layout {
    name: "by skill",
    columns: &["skill", "uses", "mean_gain", "mean_execution_ms", "helped_rate", "success_rate"],
};
pub(super) const BY_LEVEL: Layout = Layout {
    name: "by approval level",
    columns: &["approval_level", "skills", "uses", "mean_gain", "mean_execution_ms", "helped_rate", "success_rate"],
};
pub(super) const GENERATED: Layout = Layout { name: "generated skills", columns: MEASURES };
pub(super) const MOST_USED: Layout = Layout { name: "most used skills", columns: RANKING };
pub(super) const MOST_USED_GENERATED: Layout = Layout { name: "most used generated skills", columns: RANKING };
pub(super) const DAYS: Layout = Layout { name: "uses by day", columns: &["day", "uses"] };
pub(super) const USES: Layout = Layout {
    name: "uses by skill and agent type",
    columns: &["skill", "agent_type", "uses", "first_used", "last_used"],
};
pub(super) const UNUSED: Layout = Layout { name: "unused skills", columns: &["skill"] };
pub(super) const SAVED: Layout = Layout {
    name: "in all",
    columns: &[
        "tokens_avoided",
        "usd_avoided",
        "days",
        "tokens_30_days",
        "usd_30_days",
        "tokens_365_days",
        "usd_365_days",
    ],
};
pub(super) const SAVED_BY_SKILL: Layout =
    Layout { name: "by skill", columns: &["skill", "tokens_avoided", "usd_avoided"] };
pub(super) const TIMES: Layout = Layout {
    name: "time to decision",
    columns: &[
        "approval_level",
        "decisions",
        "timed",
        "mean_hours",
        "median_hours",
        "service_level_hours",
        "within_service_level",
    ],
};
pub(super) const DECISIONS: Layout = Layout { name: "decisions", columns: &["approval_level", "decision", "count"] };
pub(super) const WAITING: Layout = Layout {
    name: "waiting for review",
    columns: &["skill", "version", "approval_level", "since", "hours", "over_service_level"],
};
pub(super) const LEVELS: Layout =
    Layout { name: "skills by level and status", columns: &["approval_level", "status", "skills"] };
pub(super) const EFFICIENCY: Layout = Layout {
    name: "decisions by level",
    columns: &[
        "approval_level",
        "decisions",
        "approval_rate",
        "rejection_rate",
        "escalation_rate",
        "mean_review_minutes",
        "bottlenecks",
    ],
};

impl Layout {
    pub(super) fn table(self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
        Table { name: self.name, columns: self.columns, rows: rows.into_iter().collect() }
    }

    /// The table with these rows, if each has one cell per column.
    pub(super) fn matching(self, rows: Vec<Vec<Cell>>) -> Option<Table> {
        rows.iter().all(|it| it.len() == self.columns.len()).then(|| self.table(rows))
    }
}

/// The tables of a report, in order.
pub(super) fn of(report: ReportName) -> &'static [Layout] {
    match report {
        ReportName::Overview => &[OVERALL, MOST_USED, DAYS, LEVELS, SAVED],
        ReportName::Effectiveness => &[OVERALL, BY_SKILL],
        ReportName::EffectivenessByApproval => &[BY_LEVEL],
        ReportName::Phase4Performance => &[GENERATED, MOST_USED_GENERATED],
        ReportName::Velocity => &[TIMES, DECISIONS],
        ReportName::Bottlenecks => &[WAITING],
        ReportName::ByApproval => &[LEVELS],
        ReportName::ApprovalEfficiency => &[EFFICIENCY],
        ReportName::Usage => &[USES, UNUSED],
        ReportName::Cost => &[SAVED, SAVED_BY_SKILL],
    }
}
