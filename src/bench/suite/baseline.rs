//! Compares a run with an earlier one on the same machine, and separates regressions from noise.
//!
//! The ratio of the medians has a confidence interval (bootstrap). An operation has regressed only if the whole
//! interval is above the limit. A machine that was slower overall is not a regression: the ratio of the times relative
//! to the machine's pace in the same round must be above the limit too.
//!
//! An operation that was not compared has not passed. Reasons are another machine, too few samples, a report that only
//! one run has, or noise that could hide a regression. Each is reported.

use serde::Serialize;

use super::operation::{Operation, PACE};
use super::run::{About, Run};
use crate::bench::statistics::{Ratio, median, ratio_of_medians};

/// Minimum number of samples in each run for a meaningful interval.
pub(super) const FEWEST: usize = 8;

/// An interval that reaches this many times the limit could hide anything.
const HIDES: f64 = 2.0;

/// How many times as fast or slow the machine may be for times relative to its pace to mean anything.
const SAME_PACE: f64 = 2.0;

/// The comparison of two runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Start of the baseline, in UTC.
    pub started_at: String,
    /// Allowed slowdown, as a fraction.
    pub max_regression: f64,
    /// Whether both runs have the same machine at a similar pace, kind of build and database. Otherwise there are no
    /// regressions or gains.
    pub comparable: bool,
    /// The differences between the runs, one sentence each.
    pub differences: Vec<String>,
    /// The ratio of the machine's pace.
    pub pace: Option<Ratio>,
    /// The operations, in order of the table.
    pub operations: Vec<Compared>,
}

/// The comparison of an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The operation.
    pub operation: Operation,
    /// The ratio of the medians; `None` with too few samples.
    pub ratio: Option<Ratio>,
    /// The ratio of the medians relative to the machine's pace in the same round.
    pub against_pace: Option<Ratio>,
    /// The verdict.
    pub change: Change,
    /// The reason if it was not compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The verdict on a ratio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Certainly slower than the limit.
    Regression,
    /// Certainly faster than the inverse of the limit.
    Gain,
    /// Certainly slower or faster, but within the limit.
    Small,
    /// Explained by noise.
    NoDifference,
    /// Possibly much slower than the limit, but too noisy to tell.
    Unclear,
    /// Not comparable.
    NotCompared,
}

impl Change {
    /// The verdict for display.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Regression => "REGRESSION",
            Self::Gain => "gain",
            Self::Small => "within the limit",
            Self::NoDifference => "no difference shown",
            Self::Unclear => "TOO NOISY TO TELL",
            Self::NotCompared => "NOT COMPARED",
        }
    }
}

impl Comparison {
    /// Compares two runs. `max_regression` is a fraction: 0.1 allows 10 % more time.
    #[must_use]
    pub fn of(before: &Run, now: &Run, max_regression: f64) -> Self {
        let (mut comparable, mut differences) = differences(&before.about, &now.about);
        let pace = enough(before.of(PACE), now.of(PACE)).ok().and_then(|(old, new)| ratio_of_medians(old, new));
        if pace.is_some_and(|it| !(1.0 / SAME_PACE..=SAME_PACE).contains(&it.estimate)) {
            comparable = false;
            let [old, new] = [before, now].map(|it| median(it.of(PACE)));
            differences.push(format!("the {PACE} was {old:.3} ms and is {new:.3} ms"));
        }
        let operations = Operation::ALL.into_iter().map(|it| compared(it, before, now, max_regression, comparable));
        Self {
            started_at: before.about.started_at.clone(),
            max_regression,
            comparable,
            differences,
            pace,
            operations: operations.collect(),
        }
    }

    /// The operations that regressed.
    pub fn regressions(&self) -> impl Iterator<Item = Operation> {
        self.operations.iter().filter(|it| it.change == Change::Regression).map(|it| it.operation)
    }

    /// The operations that were not compared.
    pub fn not_compared(&self) -> impl Iterator<Item = &Compared> {
        self.operations.iter().filter(|it| matches!(it.change, Change::NotCompared | Change::Unclear))
    }

    /// Sentences about what was not compared; a single one if the runs are not comparable.
    pub(super) fn gaps(&self) -> Vec<String> {
        if !self.comparable {
            return vec!["nothing was compared: the baseline measured something else".to_owned()];
        }
        let gaps = self.not_compared().map(|it| {
            format!("{} was not compared: {}", it.operation.name(), it.reason.as_deref().unwrap_or_default())
        });
        gaps.collect()
    }

    /// Whether everything was compared, without regressions.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.regressions().next().is_none() && self.not_compared().next().is_none()
    }
}

fn compared(operation: Operation, before: &Run, now: &Run, allowed: f64, comparable: bool) -> Compared {
    let nothing = |reason| Compared {
        operation,
        ratio: None,
        against_pace: None,
        change: Change::NotCompared,
        reason: Some(reason),
    };
    let (old, new) = match samples_of(operation, before, now) {
        Ok(samples) => samples,
        Err(reason) => return nothing(reason),
    };
    let Some(ratio) = ratio_of_medians(old, new) else { return nothing("the ratio is not a number".to_owned()) };
    let (old, new) = (paced(old, before.of(PACE)), paced(new, now.of(PACE)));
    let against_pace = enough(&old, &new).ok().and_then(|(old, new)| ratio_of_medians(old, new));
    let change =
        if comparable { change(ratio, against_pace.unwrap_or(ratio), 1.0 + allowed) } else { Change::NotCompared };
    let reason = match change {
        Change::NotCompared => Some("the baseline measured something else".to_owned()),
        Change::Unclear => Some(format!(
            "it took {:.2} times as long, but with {:.2} to {:.2} the samples are too noisy to tell",
            ratio.estimate, ratio.low, ratio.high
        )),
        _ => None,
    };
    Compared { operation, ratio: Some(ratio), against_pace, change, reason }
}

/// The samples to compare, or why there are none. For analytics, these are of the report that is slowest now, provided
/// that both runs have every report: a missing one could be the slowest.
fn samples_of<'a>(operation: Operation, before: &'a Run, now: &'a Run) -> Result<(&'a [f64], &'a [f64]), String> {
    if operation != Operation::Analytics {
        return enough(before.of(operation.name()), now.of(operation.name()));
    }
    for report in before.reports().chain(now.reports()) {
        enough(before.of(report), now.of(report)).map_err(|why| format!("{report}: {why}"))?;
    }
    let slowest = now.slowest_report().ok_or("no report was measured")?;
    enough(before.of(slowest), now.of(slowest))
}

/// `most` is the highest allowed ratio.
fn change(ratio: Ratio, against_pace: Ratio, most: f64) -> Change {
    let both = |holds: &dyn Fn(Ratio) -> bool| holds(ratio) && holds(against_pace);
    let seems_slower = both(&|it| it.estimate > most) && (ratio.low > most || ratio.high > HIDES * most);
    if both(&|it| it.low > most) {
        Change::Regression
    } else if seems_slower || both(&|it| it.high > HIDES * most) {
        Change::Unclear
    } else if both(&|it| it.high < 1.0 / most) {
        Change::Gain
    } else if both(&|it| it.low > 1.0) || both(&|it| it.high < 1.0) {
        Change::Small
    } else {
        Change::NoDifference
    }
}

fn enough<'a>(before: &'a [f64], now: &'a [f64]) -> Result<(&'a [f64], &'a [f64]), String> {
    match (before.len(), now.len()) {
        (0, 0) => Err("neither run has it".to_owned()),
        (0, _) => Err("the baseline does not have it".to_owned()),
        (_, 0) => Err("this run does not have it".to_owned()),
        (old, new) if old.min(new) < FEWEST => Err(format!("{old} and {new} samples, but {FEWEST} are needed")),
        _ => Ok((before, now)),
    }
}

/// Each sample relative to the machine's pace in the same round.
fn paced(samples: &[f64], pace: &[f64]) -> Vec<f64> {
    samples.iter().zip(pace).map(|(sample, pace)| sample / pace).collect()
}

/// Whether two runs can be compared, and what differs between them.
fn differences(before: &About, now: &About) -> (bool, Vec<String>) {
    let (old, new) = (&before.machine, &now.machine);
    let pairs = [
        (true, "processor", old.processor.clone(), new.processor.clone()),
        (true, "architecture", old.architecture.clone(), new.architecture.clone()),
        (true, "number of cores", old.cores.to_string(), new.cores.to_string()),
        (true, "build", before.build.profile.clone(), now.build.profile.clone()),
        (true, "database", before.database.origin.clone(), now.database.origin.clone()),
        (true, "number of skills", before.database.skills.to_string(), now.database.skills.to_string()),
        (true, "number of usage rows", before.database.usage_rows.to_string(), now.database.usage_rows.to_string()),
        (false, "memory in KiB", old.memory_kib.to_string(), new.memory_kib.to_string()),
        (false, "operating system", old.system.clone(), new.system.clone()),
        (false, "version of cfn", before.cfn.clone(), now.cfn.clone()),
        (false, "version of SQLite", before.sqlite.clone(), now.sqlite.clone()),
        (false, "list of cargo features", listed(&before.build.features), listed(&now.build.features)),
    ];
    let differing: Vec<_> = pairs.into_iter().filter(|(_, _, old, new)| old != new).collect();
    let mut comparable = differing.iter().all(|(matters, ..)| !matters);
    let mut said: Vec<_> =
        differing.into_iter().map(|(_, what, old, new)| format!("the {what} was {old} and is {new}")).collect();
    // A schema change makes a generated database slightly larger or smaller.
    let (old, new) = (before.database.bytes, now.database.bytes);
    if old.max(new) / 5 * 4 > old.min(new) {
        comparable = false;
        said.push(format!("the size of the database was {old} bytes and is {new}"));
    }
    // With swapped files, a gain is really a regression.
    if before.started_at > now.started_at {
        comparable = false;
        said.push(format!(
            "the baseline was started after this run, at {} and {}: the files may be swapped",
            before.started_at, now.started_at
        ));
    }
    (comparable, said)
}

fn listed(features: &[String]) -> String {
    if features.is_empty() { "empty".to_owned() } else { features.join(", ") }
}
