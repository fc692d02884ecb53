//! The tables of each report, and their columns.

use super::column::Column;
use super::request::ReportName;

/// The name of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableName {
    /// Gains of all skills.
    Overall,
    /// Gains by skill.
    BySkill,
    /// Gains by approval level.
    ByLevel,
    /// Gains of all generated skills.
    Generated,
    /// The skills with the most uses.
    MostUsed,
    /// The generated skills with the most uses.
    MostUsedGenerated,
    /// Uses by day.
    Days,
    /// Uses by skill and agent type.
    Uses,
    /// Active skills without a use.
    Unused,
    /// Uses by who logged them.
    Origins,
    /// Total savings.
    Saved,
    /// Savings by skill.
    SavedBySkill,
    /// The tokens without an amount of money, and their price.
    Priced,
    /// Time to decide, by level.
    Times,
    /// Number of decisions by level and outcome.
    Decisions,
    /// Skills that wait for a decision.
    Waiting,
    /// Number of skills by level and status.
    Levels,
    /// Rates of outcomes, by level.
    Efficiency,
}

impl TableName {
    /// The name in JSON, in text and for `--table`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overall => "overall",
            Self::BySkill | Self::SavedBySkill => "by skill",
            Self::ByLevel => "by approval level",
            Self::Generated => "generated skills",
            Self::MostUsed => "most used skills",
            Self::MostUsedGenerated => "most used generated skills",
            Self::Days => "uses by day",
            Self::Uses => "uses by skill and agent type",
            Self::Unused => "unused skills",
            Self::Origins => "uses by origin",
            Self::Saved => "in all",
            Self::Priced => "of which by the price of a token",
            Self::Times => "time to decision",
            Self::Decisions => "decisions",
            Self::Waiting => "waiting for review",
            Self::Levels => "skills by level and status",
            Self::Efficiency => "decisions by level",
        }
    }

    /// Its columns, from the left.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        use Column as C;
        match self {
            Self::Overall | Self::Generated => {
                &[C::Skills, C::Uses, C::MeanGain, C::MeanExecutionMs, C::HelpedRate, C::SuccessRate]
            }
            Self::BySkill => &[C::Skill, C::Uses, C::MeanGain, C::MeanExecutionMs, C::HelpedRate, C::SuccessRate],
            Self::ByLevel => {
                &[C::ApprovalLevel, C::Skills, C::Uses, C::MeanGain, C::MeanExecutionMs, C::HelpedRate, C::SuccessRate]
            }
            Self::MostUsed | Self::MostUsedGenerated => &[C::Skill, C::Uses, C::MeanGain],
            Self::Days => &[C::Day, C::Uses],
            Self::Uses => &[C::Skill, C::AgentType, C::Uses, C::FirstUsed, C::LastUsed],
            Self::Unused => &[C::Skill],
            Self::Origins => &[C::Origin, C::Uses, C::Agents, C::Skills, C::SuccessRate, C::FirstUsed, C::LastUsed],
            Self::Saved => &[
                C::TokensAvoided,
                C::UsdAvoided,
                C::Days,
                C::Tokens30Days,
                C::Usd30Days,
                C::Tokens365Days,
                C::Usd365Days,
            ],
            Self::SavedBySkill => &[C::Skill, C::TokensAvoided, C::UsdAvoided],
            Self::Priced => &[C::PricedTokens, C::UsdPerMillionTokens, C::PricedUsd],
            Self::Times => &[
                C::ApprovalLevel,
                C::Decisions,
                C::Timed,
                C::MeanHours,
                C::MedianHours,
                C::ServiceLevelHours,
                C::WithinServiceLevel,
            ],
            Self::Decisions => &[C::ApprovalLevel, C::Decision, C::Count],
            Self::Waiting => &[C::Skill, C::Version, C::ApprovalLevel, C::Since, C::Hours, C::OverServiceLevel],
            Self::Levels => &[C::ApprovalLevel, C::Status, C::Skills],
            Self::Efficiency => &[
                C::ApprovalLevel,
                C::Decisions,
                C::ApprovalRate,
                C::RejectionRate,
                C::EscalationRate,
                C::MeanReviewMinutes,
                C::Bottlenecks,
            ],
        }
    }
}

/// The tables of a report, in order.
pub(super) fn of(report: ReportName) -> &'static [TableName] {
    use TableName as T;
    match report {
        ReportName::Overview => &[T::Overall, T::MostUsed, T::Days, T::Saved, T::Priced],
        ReportName::Effectiveness => &[T::Overall, T::BySkill],
        ReportName::EffectivenessByApproval => &[T::ByLevel],
        ReportName::Phase4Performance => &[T::Generated, T::MostUsedGenerated],
        ReportName::Velocity => &[T::Times, T::Decisions],
        ReportName::Bottlenecks => &[T::Waiting],
        ReportName::ByApproval => &[T::Levels],
        ReportName::ApprovalEfficiency => &[T::Efficiency],
        ReportName::Usage => &[T::Uses, T::Unused],
        ReportName::Origins => &[T::Origins],
        ReportName::Cost => &[T::Saved, T::SavedBySkill, T::Priced],
    }
}
