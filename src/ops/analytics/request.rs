//! What is asked for: a report, over a period, with filters.

use serde::{Serialize, Serializer};

use super::period::Period;
use crate::model::TokenPrice;

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
    /// Uses by who logged them: this database, and its followers.
    Origins,
}

/// The days of a report that counts row by row, unless others are asked for.
pub(super) const DAYS_OF_ROWS: u16 = 30;

/// The most days of a report that counts row by row.
pub const MOST_DAYS_OF_ROWS: i32 = 92;

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
    /// The price of tokens that have no amount of money.
    pub price: TokenPrice,
}

impl Analytics {
    /// A report without filters.
    #[must_use]
    pub fn whole(report: ReportName) -> Self {
        Self { report, period: None, agent_type: None, category: None, limit: None, price: TokenPrice::default() }
    }
}

impl Serialize for ReportName {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl ReportName {
    /// Every report, with its word.
    pub const ALL: [(Self, &'static str); 11] = [
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
        (Self::Origins, "origins"),
    ];

    /// Whether it counts row by row, so that its period is limited.
    #[must_use]
    pub fn counts_rows(self) -> bool {
        self == Self::Origins
    }

    /// Whether it is about uses, which agents made.
    #[must_use]
    pub fn is_about_uses(self) -> bool {
        !matches!(self, Self::Velocity | Self::Bottlenecks | Self::ByApproval | Self::ApprovalEfficiency)
    }

    /// Whether it is about days, and not only about the skills as they are now.
    #[must_use]
    pub fn has_period(self) -> bool {
        !matches!(self, Self::Bottlenecks | Self::ByApproval)
    }

    /// Whether it has amounts of money.
    #[must_use]
    pub fn has_money(self) -> bool {
        matches!(self, Self::Overview | Self::Cost)
    }

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(name, _)| *name == self).map_or("", |(_, word)| word)
    }
}
