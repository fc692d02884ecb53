//! The seven operations of the reference's table, their targets, and the score.

use serde::{Deserialize, Serialize};

use crate::ops::ReportName;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Deploy a new skill, approved and mapped to two agent types.
    #[serde(rename = "skill deployment")]
    Deployment,
    /// Load an agent's skills from a process that has served them before.
    #[serde(rename = "skill loading, cached")]
    CachedLoading,
    /// Load an agent's skills.
    #[serde(rename = "skill loading, cold")]
    ColdLoading,
    /// The slowest report.
    #[serde(rename = "analytics queries")]
    Analytics,
    /// Update a skill with new bytes.
    #[serde(rename = "skill update")]
    Update,
    /// Log an execution of a generated skill, in the usage log and the outbox.
    #[serde(rename = "dual logging")]
    DualLogging,
    /// 20 concurrent loads.
    #[serde(rename = "concurrent operations")]
    Concurrent,
}

impl Operation {
    /// All operations, in order of the table.
    pub const ALL: [Self; 7] = [
        Self::Deployment,
        Self::CachedLoading,
        Self::ColdLoading,
        Self::Analytics,
        Self::Update,
        Self::DualLogging,
        Self::Concurrent,
    ];

    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "skill deployment",
            Self::CachedLoading => "skill loading, cached",
            Self::ColdLoading => "skill loading, cold",
            Self::Analytics => "analytics queries",
            Self::Update => "skill update",
            Self::DualLogging => "dual logging",
            Self::Concurrent => "concurrent operations",
        }
    }

    /// The target of its median, in milliseconds.
    #[must_use]
    pub fn target_ms(self) -> f64 {
        match self {
            Self::Deployment | Self::Update => 500.0,
            Self::CachedLoading | Self::ColdLoading => 30.0,
            Self::Analytics => 100.0,
            Self::DualLogging => 50.0,
            Self::Concurrent => 200.0,
        }
    }

    /// What a sample covers: a whole process, or one request of a running process.
    #[must_use]
    pub fn measured_as(self) -> &'static str {
        match self {
            Self::CachedLoading => "request to answer of a running 'load --batch'",
            Self::Analytics => "whole process, the slowest report",
            Self::DualLogging => "whole process, outbox row committed",
            Self::Concurrent => "20 concurrent loads, until the last ends",
            Self::Deployment | Self::ColdLoading | Self::Update => "whole process",
        }
    }
}

/// A subject to measure in each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// An operation with a single subject.
    One(Operation),
    /// One of the reports of [`Operation::Analytics`].
    Report(&'static str),
    /// The pace of the machine, measured without cfn.
    Pace,
}

/// The name of [`Subject::Pace`].
pub(super) const PACE: &str = "pace of the machine";

impl Subject {
    /// All subjects, in order of a round, which deploys a skill before it updates and logs it.
    pub(super) fn all() -> Vec<Self> {
        let of = |operation| match operation {
            // What counts row by row takes as long as there are rows, and no target fits that.
            Operation::Analytics => {
                let reports = ReportName::ALL.into_iter().filter(|(report, _)| !report.counts_rows());
                reports.map(|(_, word)| Self::Report(word)).collect()
            }
            _ => vec![Self::One(operation)],
        };
        std::iter::once(Self::Pace).chain(Operation::ALL.into_iter().flat_map(of)).collect()
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::One(operation) => operation.name().to_owned(),
            Self::Report(word) => format!("{REPORT}{word}"),
            Self::Pace => PACE.to_owned(),
        }
    }
}

/// Prefix of the names of reports.
pub(super) const REPORT: &str = "analytics ";

/// The points of an operation: 10 for no time, 5 for exactly the target, 0 from 1.26 times the target on.
#[must_use]
pub fn points(measured_ms: f64, target_ms: f64) -> f64 {
    (10.0 * (1.0 - 0.5 * (measured_ms / target_ms).powi(3))).max(0.0)
}

/// The mean of the points of all operations.
#[must_use]
pub fn score(measured_ms: &[f64; 7]) -> f64 {
    let points = Operation::ALL.iter().zip(measured_ms).map(|(it, measured)| points(*measured, it.target_ms()));
    points.sum::<f64>() / 7.0
}

#[cfg(test)]
mod tests {
    use super::{Operation, Subject, points, score};

    /// The reference's medians of the old system, with the upper end for analytics.
    const OLD: [f64; 7] = [268.0, 25.0, 27.0, 56.0, 535.0, 24.0, 109.0];

    #[test]
    fn the_old_system_has_the_score_of_the_reference() {
        let rounded = |measured: &[f64; 7]| (score(measured) * 10.0).round() / 10.0;
        assert_eq!(rounded(&OLD).to_string(), "7.8");
        let [deploy, cached, cold, analytics, _, logging, concurrent] = OLD;
        let expected = [deploy, cached, cold, analytics, 150.0, logging, concurrent];
        assert_eq!(rounded(&expected).to_string(), "8.6");
        assert_eq!((rounded(&[0.0; 7]), rounded(&[1e6; 7])), (10.0, 0.0));
    }

    #[test]
    fn exactly_the_target_gives_half_of_the_points() {
        assert_eq!((points(30.0, 30.0), points(0.0, 30.0), points(60.0, 30.0)), (5.0, 10.0, 0.0));
    }

    #[test]
    fn the_old_system_missed_one_target_only() {
        let missed: Vec<_> =
            Operation::ALL.into_iter().zip(OLD).filter(|(it, measured)| *measured >= it.target_ms()).collect();
        assert_eq!(missed, [(Operation::Update, 535.0)]);
    }

    #[test]
    fn names_of_subjects_are_unique() {
        let mut names: Vec<_> = Subject::all().into_iter().map(Subject::name).collect();
        assert_eq!(names.len(), 17);
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 17);
        for operation in Operation::ALL {
            assert_eq!(serde_json::to_value(operation).ok(), Some(operation.name().into()));
        }
    }
}
