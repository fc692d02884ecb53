//! The columns of reports: their names and the units of their values.

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the name in JSON documents each")]
pub enum Column {
    Skill,
    Version,
    AgentType,
    ApprovalLevel,
    Status,
    Decision,
    Day,
    FirstUsed,
    LastUsed,
    /// The start of waiting.
    Since,
    /// The label of a follower, or this database.
    Origin,
    Agents,
    Skills,
    /// All uses of a skill; in a table of gains, the measured ones.
    Uses,
    /// Number of decisions.
    Decisions,
    /// Number of decisions with a known time.
    Timed,
    /// Number of rows with the values of the other columns.
    Count,
    /// Number of waiting skills.
    Bottlenecks,
    MeanGain,
    MeanExecutionMs,
    HelpedRate,
    SuccessRate,
    ApprovalRate,
    RejectionRate,
    EscalationRate,
    WithinServiceLevel,
    MeanReviewMinutes,
    MeanHours,
    MedianHours,
    ServiceLevelHours,
    /// The time since waiting started.
    Hours,
    OverServiceLevel,
    TokensAvoided,
    Tokens30Days,
    Tokens365Days,
    /// Tokens without an amount of money.
    PricedTokens,
    UsdPerMillionTokens,
    PricedUsd,
    UsdAvoided,
    Usd30Days,
    Usd365Days,
    /// Number of days from the first to the last logged one.
    Days,
}

/// The unit of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Words.
    Words,
    /// A day or a moment, in UTC.
    Time,
    /// A number of things.
    Count,
    /// Tokens of a language model.
    Tokens,
    /// US dollars.
    Usd,
    /// A fraction of 1.
    Share,
    /// A change of confidence.
    Gain,
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days.
    Days,
    /// Yes or no.
    Flag,
}

impl Column {
    /// The name in JSON and in comma-separated values.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skill => "skill",
            Self::Version => "version",
            Self::AgentType => "agent_type",
            Self::ApprovalLevel => "approval_level",
            Self::Status => "status",
            Self::Decision => "decision",
            Self::Day => "day",
            Self::FirstUsed => "first_used",
            Self::LastUsed => "last_used",
            Self::Since => "since",
            Self::Origin => "origin",
            Self::Agents => "agents",
            Self::Skills => "skills",
            Self::Uses => "uses",
            Self::Decisions => "decisions",
            Self::Timed => "timed",
            Self::Count => "count",
            Self::Bottlenecks => "bottlenecks",
            Self::MeanGain => "mean_gain",
            Self::MeanExecutionMs => "mean_execution_ms",
            Self::HelpedRate => "helped_rate",
            Self::SuccessRate => "success_rate",
            Self::ApprovalRate => "approval_rate",
            Self::RejectionRate => "rejection_rate",
            Self::EscalationRate => "escalation_rate",
            Self::WithinServiceLevel => "within_service_level",
            Self::MeanReviewMinutes => "mean_review_minutes",
            Self::MeanHours => "mean_hours",
            Self::MedianHours => "median_hours",
            Self::ServiceLevelHours => "service_level_hours",
            Self::Hours => "hours",
            Self::OverServiceLevel => "over_service_level",
            Self::TokensAvoided => "tokens_avoided",
            Self::Tokens30Days => "tokens_30_days",
            Self::Tokens365Days => "tokens_365_days",
            Self::PricedTokens => "priced_tokens",
            Self::UsdPerMillionTokens => "usd_per_million_tokens",
            Self::PricedUsd => "priced_usd",
            Self::UsdAvoided => "usd_avoided",
            Self::Usd30Days => "usd_30_days",
            Self::Usd365Days => "usd_365_days",
            Self::Days => "days",
        }
    }

    /// The unit of its values.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::Origin
            | Self::Skill
            | Self::Version
            | Self::AgentType
            | Self::ApprovalLevel
            | Self::Status
            | Self::Decision => Unit::Words,
            Self::Day | Self::FirstUsed | Self::LastUsed | Self::Since => Unit::Time,
            Self::Agents
            | Self::Skills
            | Self::Uses
            | Self::Decisions
            | Self::Timed
            | Self::Count
            | Self::Bottlenecks => Unit::Count,
            Self::TokensAvoided | Self::Tokens30Days | Self::Tokens365Days | Self::PricedTokens => Unit::Tokens,
            Self::UsdAvoided | Self::Usd30Days | Self::Usd365Days | Self::UsdPerMillionTokens | Self::PricedUsd => {
                Unit::Usd
            }
            Self::HelpedRate
            | Self::SuccessRate
            | Self::ApprovalRate
            | Self::RejectionRate
            | Self::EscalationRate
            | Self::WithinServiceLevel => Unit::Share,
            Self::MeanGain => Unit::Gain,
            Self::MeanExecutionMs => Unit::Milliseconds,
            Self::MeanReviewMinutes => Unit::Minutes,
            Self::MeanHours | Self::MedianHours | Self::ServiceLevelHours | Self::Hours => Unit::Hours,
            Self::Days => Unit::Days,
            Self::OverServiceLevel => Unit::Flag,
        }
    }
}
