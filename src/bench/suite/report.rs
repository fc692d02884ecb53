//! The report of a run: figures, targets, score, and noise.

use serde::Serialize;

use super::baseline::Comparison;
use super::operation::{Operation, PACE, REPORT, points, score};
use super::run::Run;
use crate::bench::statistics::{QUIET, Summary, drift, is_noisy};
use crate::bench::system::SystemMetric;

/// The report of `cfn bench`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuiteReport {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// The figure that is compared with the target.
    pub judged_by: &'static str,
    /// Score out of 10; `None` if an operation was not measured.
    pub score: Option<f64>,
    /// Whether all targets are met, and the comparison with the baseline passed.
    pub passed: bool,
    /// The operations, in order of the table.
    pub operations: Vec<Row>,
    /// The pace of the machine, measured without cfn.
    pub pace: Option<Summary>,
    /// Whether other load affected the figures.
    pub noise: Noise,
    /// The comparison with a baseline.
    pub baseline: Option<Comparison>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The operation.
    pub operation: Operation,
    /// What a sample covers.
    pub measured_as: &'static str,
    /// The target of the median.
    pub target_ms: f64,
    /// Its statistics; `None` if it was not measured.
    pub figures: Option<Summary>,
    /// Whether it meets the target; `None` if it was not measured.
    pub passed: Option<bool>,
    /// Points out of 10.
    pub points: Option<f64>,
    /// For analytics: each report, slowest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportRow>,
}

/// A report of analytics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportRow {
    /// The report.
    pub report: String,
    /// Its statistics.
    pub figures: Summary,
}

/// The other load of the machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noise {
    /// Whether other load shows in the figures.
    pub noisy: bool,
    /// The share of the machine's time used by other programs, if known.
    pub other_work: Option<f64>,
    /// Subjects whose medians in the two halves of the run differ more than on a quiet machine.
    pub drifting: Vec<Drifting>,
}

/// A subject whose time changed during the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drifting {
    /// The subject.
    pub subject: String,
    /// The difference of the halves, as a fraction.
    pub drift: f64,
}

impl SuiteReport {
    /// Evaluates a run.
    #[must_use]
    pub fn of(run: Run, baseline: Option<Comparison>) -> Self {
        let operations: Vec<Row> = Operation::ALL.into_iter().map(|it| row(&run, it)).collect();
        let medians: Vec<f64> = operations.iter().filter_map(|it| it.figures.map(|it| it.median)).collect();
        let on_target =
            operations.iter().all(|it| it.passed == Some(true)) && run.about.system.iter().all(SystemMetric::passes);
        Self {
            judged_by: "median",
            score: medians.try_into().ok().map(|it: [f64; 7]| score(&it)),
            passed: on_target && baseline.as_ref().is_none_or(Comparison::passed),
            operations,
            pace: Summary::of(run.of(PACE)),
            noise: noise(&run),
            baseline,
            run,
        }
    }

    /// Sentences about all failures: missed targets, regressions, and operations that were not compared.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let missed = self.operations.iter().filter_map(|it| match (it.passed, it.figures) {
            (Some(true), _) => None,
            (_, Some(figures)) => Some(format!(
                "{} missed its target: {:.2} ms, but it must be below {}",
                it.operation.name(),
                figures.median,
                it.target_ms
            )),
            (_, None) => Some(format!("{} was not measured", it.operation.name())),
        });
        let system = self.run.about.system.iter().filter(|it| !it.passes());
        let system = system.map(|it| format!("{} is not below {} {}", it.metric, it.threshold, it.unit));
        let slower = self.baseline.iter().flat_map(Comparison::regressions);
        let slower = slower.map(|it| format!("{} regressed against the baseline", it.name()));
        missed.chain(system).chain(slower).chain(self.baseline.iter().flat_map(Comparison::gaps)).collect()
    }

    /// The samples of an operation, in order of the rounds; for analytics, those of the slowest report.
    #[must_use]
    pub fn samples(&self, operation: Operation) -> &[f64] {
        self.run.samples_of(operation)
    }
}

fn row(run: &Run, operation: Operation) -> Row {
    let (figures, target_ms) = (Summary::of(run.samples_of(operation)), operation.target_ms());
    let reports = if operation == Operation::Analytics { reports(run) } else { Vec::new() };
    Row {
        operation,
        measured_as: operation.measured_as(),
        target_ms,
        figures,
        passed: figures.map(|it| it.median < target_ms),
        points: figures.map(|it| points(it.median, target_ms)),
        reports,
    }
}

/// The reports, slowest first.
fn reports(run: &Run) -> Vec<ReportRow> {
    let named = run.samples.iter().filter_map(|it| Some((it.subject.strip_prefix(REPORT)?, &it.milliseconds)));
    let mut rows: Vec<_> = named
        .filter_map(|(report, samples)| Some(ReportRow { report: report.to_owned(), figures: Summary::of(samples)? }))
        .collect();
    rows.sort_by(|one, other| other.figures.median.total_cmp(&one.figures.median));
    rows
}

/// Of the ten reports, only the slowest one is checked for noise: ten checks would be ten chances for a false alarm.
fn noise(run: &Run) -> Noise {
    let operations = Operation::ALL.into_iter().map(|it| (it.name(), run.samples_of(it)));
    let looked_at = std::iter::once((PACE, run.of(PACE))).chain(operations);
    let drifting: Vec<_> = looked_at
        .filter(|(_, samples)| is_noisy(samples))
        .filter_map(|(subject, it)| Some(Drifting { subject: subject.to_owned(), drift: drift(it)? }))
        .collect();
    let other_work = run.ending.other_work;
    Noise { noisy: !drifting.is_empty() || other_work.is_some_and(|it| it > QUIET), other_work, drifting }
}
