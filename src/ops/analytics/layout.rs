//! Which tables each report has, and their columns.

use super::ReportName;
use super::column::Column;

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableName {
    /// Whether skills help, in all.
    Overall,
    /// Whether they help, by skill.
    BySkill,
    /// Whether they help, by approval level.
    ByLevel,
    /// Whether generated skills help, in all.
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
    /// What was saved, in all.
    Saved,
    /// What was saved, by skill.
    SavedBySkill,
    /// How long decisions took, by level.
    Times,
    /// How many decisions there were, by level and outcome.
    Decisions,
    /// Skills that wait for a decision.
    Waiting,
    /// How many skills there are, by level and status.
    Levels,
    /// How decisions turn out, by level.
    Efficiency,
}

impl TableName {
    /// What it is called in JSON, in text and for `--table`.
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
            Self::Saved => "in all",
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
        use Column::*;
        match self {
            Self::Overall | Self::Generated => &[Skills, Uses, MeanGain, MeanExecutionMs, HelpedRate, SuccessRate],
            Self::BySkill => &[Skill, Uses, MeanGain, MeanExecutionMs, HelpedRate, SuccessRate],
            Self::ByLevel => &[ApprovalLevel, Skills, Uses, MeanGain, MeanExecutionMs, HelpedRate, SuccessRate],
            Self::MostUsed | Self::MostUsedGenerated => &[Skill, Uses, MeanGain],
            Self::Days => &[Day, Uses],
            Self::Uses => &[Skill, AgentType, Uses, FirstUsed, LastUsed],
            Self::Unused => &[Skill],
            Self::Saved => &[TokensAvoided, UsdAvoided, Days, Tokens30Days, Usd30Days, Tokens365Days, Usd365Days],
            Self::SavedBySkill => &[Skill, TokensAvoided, UsdAvoided],
            Self::Times => {
                &[ApprovalLevel, Decisions, Timed, MeanHours, MedianHours, ServiceLevelHours, WithinServiceLevel]
            }
            Self::Decisions => &[ApprovalLevel, Decision, Count],
            Self::Waiting => &[Skill, Version, ApprovalLevel, Since, Hours, OverServiceLevel],
            Self::Levels => &[ApprovalLevel, Status, Skills],
            Self::Efficiency => {
                &[ApprovalLevel, Decisions, ApprovalRate, RejectionRate, EscalationRate, MeanReviewMinutes, Bottlenecks]
            }
        }
    }
}

/// The tables of a report, in order.
pub(super) fn of(report: ReportName) -> &'static [TableName] {
    use TableName as T;
    match report {
        ReportName::Overview => &[T::Overall, T::MostUsed, T::Days, T::Levels, T::Saved],
        ReportName::Effectiveness => &[T::Overall, T::BySkill],
        ReportName::EffectivenessByApproval => &[T::ByLevel],
        ReportName::Phase4Performance => &[T::Generated, T::MostUsedGenerated],
        ReportName::Velocity => &[T::Times, T::Decisions],
        ReportName::Bottlenecks => &[T::Waiting],
        ReportName::ByApproval => &[T::Levels],
        ReportName::ApprovalEfficiency => &[T::Efficiency],
        ReportName::Usage => &[T::Uses, T::Unused],
        ReportName::Cost => &[T::Saved, T::SavedBySkill],
    }
}
