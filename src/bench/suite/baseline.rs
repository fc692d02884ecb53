//! A run against an earlier one of the same machine: what became slower, and what only looks so.
//!
//! The ratio of the medians has an interval (bootstrap), and an operation is slower by more than is allowed only where the whole
//! interval lies beyond. A machine that was slower as a whole is no regression: each sample is also set against the machine's own pace
//! in its round, and that ratio must lie beyond as well.

use serde::Serialize;

use super::operation::{Operation, PACE};
use super::report::slowest_report;
use super::run::{About, Run};
use crate::bench::statistics::{Ratio, ratio_of_medians};

/// Fewer samples on either side have no interval worth the name.
const FEWEST: usize = 8;

/// What became of each operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// When the baseline was begun, in UTC.
    pub started_at: String,
    /// By what share an operation may be slower.
    pub max_regression: f64,
    /// Whether both are of one machine, one kind of build and one database: only then is anything a regression or a gain.
    pub comparable: bool,
    /// What differs, each as a sentence.
    pub differences: Vec<String>,
    /// What the machine's own pace was, of what it was.
    pub pace: Option<Ratio>,
    /// In the order of the table.
    pub operations: Vec<Compared>,
}

/// An operation now and before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Which.
    pub operation: Operation,
    /// Its median, of what it was; none where there are too few samples.
    pub ratio: Option<Ratio>,
    /// The same with each sample set against the machine's own pace in its round.
    pub against_pace: Option<Ratio>,
    /// What that means.
    pub change: Change,
}

/// What a ratio means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Slower by more than is allowed, for certain.
    Regression,
    /// Faster by as much, for certain.
    Gain,
    /// Slower or faster for certain, but not for certain by more than is allowed.
    Small,
    /// Noise explains it.
    NoDifference,
    /// There is nothing to compare it with.
    NotCompared,
}

impl Change {
    /// For a person.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Regression => "REGRESSION",
            Self::Gain => "gain",
            Self::Small => "within what is allowed",
            Self::NoDifference => "no difference shown",
            Self::NotCompared => "not compared",
        }
    }
}

impl Comparison {
    /// `max_regression` is a share: 0.1 allows 10 % more time.
    #[must_use]
    pub fn of(before: &Run, now: &Run, max_regression: f64) -> Self {
        let (comparable, mut differences) = differences(&before.about, &now.about);
        let pace = enough(before.of(PACE), now.of(PACE));
        let operations: Vec<_> = Operation::ALL
            .into_iter()
            .map(|it| compared(it, before, now, max_regression, comparable, &mut differences))
            .collect();
        Self {
            started_at: before.about.started_at.clone(),
            max_regression,
            comparable,
            differences,
            pace: pace.and_then(|(before, now)| ratio_of_medians(before, now)),
            operations,
        }
    }

    /// Operations that became slower than is allowed.
    pub fn regressions(&self) -> impl Iterator<Item = Operation> {
        self.operations.iter().filter(|it| it.change == Change::Regression).map(|it| it.operation)
    }
}

fn compared(
    operation: Operation,
    before: &Run,
    now: &Run,
    allowed: f64,
    comparable: bool,
    differences: &mut Vec<String>,
) -> Compared {
    // The report that is the slowest now, against itself.
    let subject = match operation {
        Operation::Analytics => slowest_report(now).unwrap_or_default().to_owned(),
        _ => operation.name().to_owned(),
    };
    let Some((old, new)) = enough(before.of(&subject), now.of(&subject)) else {
        let (old, new) = (before.of(&subject).len(), now.of(&subject).len());
        differences.push(format!("{}: {old} and {new} samples, and {FEWEST} are needed", operation.name()));
        return Compared { operation, ratio: None, against_pace: None, change: Change::NotCompared };
    };
    let ratio = ratio_of_medians(old, new);
    let (old, new) = (paced(old, before.of(PACE)), paced(new, now.of(PACE)));
    let against_pace = enough(&old, &new).and_then(|(old, new)| ratio_of_medians(old, new));
    let change = match ratio {
        Some(ratio) if comparable => change(ratio, against_pace.unwrap_or(ratio), 1.0 + allowed),
        _ => Change::NotCompared,
    };
    Compared { operation, ratio, against_pace, change }
}

/// `most` is how many times as long it may take.
fn change(ratio: Ratio, against_pace: Ratio, most: f64) -> Change {
    let both = |holds: &dyn Fn(Ratio) -> bool| holds(ratio) && holds(against_pace);
    if both(&|it| it.low > most) {
        Change::Regression
    } else if both(&|it| it.high < 1.0 / most) {
        Change::Gain
    } else if both(&|it| it.low > 1.0) || both(&|it| it.high < 1.0) {
        Change::Small
    } else {
        Change::NoDifference
    }
}

fn enough<'a>(before: &'a [f64], now: &'a [f64]) -> Option<(&'a [f64], &'a [f64])> {
    (before.len().min(now.len()) >= FEWEST).then_some((before, now))
}

/// Each sample, in units of what the machine took for its own work in the same round.
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
    let comparable = differing.iter().all(|(matters, ..)| !matters);
    (
        comparable,
        differing.into_iter().map(|(_, what, old, new)| format!("the {what} was {old} and is {new}")).collect(),
    )
}

fn listed(features: &[String]) -> String {
    if features.is_empty() { "empty".to_owned() } else { features.join(", ") }
}
