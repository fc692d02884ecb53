//! From samples to the table: figures, targets, the score, and whether the machine was quiet.

use serde::Serialize;

use super::baseline::Comparison;
use super::operation::{Operation, PACE, REPORT, points, score};
use super::run::Run;
use crate::bench::statistics::{QUIET, Summary, drift, is_noisy};
use crate::bench::system::SystemMetric;

/// What `cfn bench` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SuiteReport {
    /// What was measured.
    #[serde(flatten)]
    pub run: Run,
    /// What is compared with a target.
    pub judged_by: &'static str,
    /// Out of 10; none where an operation was not measured.
    pub score: Option<f64>,
    /// Whether every target is met, and everything was compared with the baseline and nothing became slower than is allowed.
    pub passed: bool,
    /// In the order of the table.
    pub operations: Vec<Row>,
    /// What the machine takes for work that is none of cfn's.
    pub pace: Option<Summary>,
    /// Whether the figures can be trusted.
    pub noise: Noise,
    /// Against an earlier run.
    pub baseline: Option<Comparison>,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub operation: Operation,
    /// What a sample is.
    pub measured_as: &'static str,
    /// What its median must be below.
    pub target_ms: f64,
    /// What it took; none where it was not measured.
    pub figures: Option<Summary>,
    /// Whether that meets the target; none where it was not measured.
    pub passed: Option<bool>,
    /// Of 10.
    pub points: Option<f64>,
    /// Of analytics: which report is the slowest, and what each takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportRow>,
}

/// A report of analytics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportRow {
    /// Which.
    pub report: String,
    /// What it took.
    pub figures: Summary,
}

/// What else the machine did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Noise {
    /// Whether other work shows in the figures.
    pub noisy: bool,
    /// The share of the machine's time that went to other programs; none where it is not known.
    pub other_work: Option<f64>,
    /// Subjects whose medians of the first and the second half of the run differ by more than a quiet machine explains.
    pub drifting: Vec<Drifting>,
}

/// A subject that took another time in one half of the run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drifting {
    /// Which.
    pub subject: String,
    /// By what share the halves differ.
    pub drift: f64,
}

impl SuiteReport {
    /// Sums a run up.
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

    /// What failed, each as a sentence's beginning: targets that were missed, regressions, what was not compared.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let missed = self.operations.iter().filter_map(|it| match (it.passed, it.figures) {
            (Some(true), _) => None,
            (_, Some(figures)) => Some(format!(
                "{} missed its target: {:.2} ms, and it must be below {}",
                it.operation.name(),
                figures.median,
                it.target_ms
            )),
            (_, None) => Some(format!("{} was not measured", it.operation.name())),
        });
        let system = self.run.about.system.iter().filter(|it| !it.passes());
        let system = system.map(|it| format!("{} is not below {} {}", it.metric, it.threshold, it.unit));
        let slower = self.baseline.iter().flat_map(Comparison::regressions);
        let slower = slower.map(|it| format!("{} became slower than the baseline allows", it.name()));
        missed.chain(system).chain(slower).chain(self.baseline.iter().flat_map(Comparison::gaps)).collect()
    }

    /// What an operation took, each sample in the order of the rounds: of analytics, those of the slowest report.
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

/// The slowest first.
fn reports(run: &Run) -> Vec<ReportRow> {
    let named = run.samples.iter().filter_map(|it| Some((it.subject.strip_prefix(REPORT)?, &it.milliseconds)));
    let mut rows: Vec<_> = named
        .filter_map(|(report, samples)| Some(ReportRow { report: report.to_owned(), figures: Summary::of(samples)? }))
        .collect();
    rows.sort_by(|one, other| other.figures.median.total_cmp(&one.figures.median));
    rows
}

/// Ten reports are ten chances to look noisy: only the one that counts is looked at.
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
