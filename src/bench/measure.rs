//! Measures subjects in turn: after a warm-up, A B C A B C …, so that changes of the machine's speed affect all of
//! them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::Result;

/// Takes samples of subjects: of real programs, or from a script in tests.
pub trait Measurer {
    /// The subjects, in order of a round.
    fn subjects(&self) -> Vec<String>;
    /// Measures one subject once, without its preparations. Rounds are numbered from the first warm-up round.
    fn measure(&mut self, subject: usize, round: usize) -> Result<Duration>;
}

/// The number of rounds, and when to stop.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Number of warm-up rounds.
    pub warm_up: usize,
    /// Number of measured rounds.
    pub rounds: usize,
    /// After this time, no new round starts, if there are `fewest`.
    pub limit: Option<Duration>,
    /// Minimum number of rounds, even beyond the time limit.
    pub fewest: usize,
    /// Set by a signal to stop; the current sample is discarded.
    pub stop: &'a AtomicBool,
}

/// Minimum number of rounds for a meaningful median.
pub const FEWEST_ROUNDS: usize = 3;

/// A sample.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample<'a> {
    /// The subject.
    pub subject: &'a str,
    /// The measured round, from 0.
    pub round: usize,
    /// The time.
    pub milliseconds: f64,
}

/// The samples of one subject, in order of the rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// The subject.
    pub subject: String,
    /// The time.
    pub milliseconds: Vec<f64>,
}

/// Receives each sample and the progress of a run.
pub trait Observer {
    /// Called after each measured sample.
    fn sample(&mut self, sample: Sample<'_>) -> Result<()>;
    /// Called after each round, including warm-up rounds.
    fn round(&mut self, done: usize, all: usize);
}

/// Measures all subjects in turn. If stopped early, it returns the samples so far, in which some subjects have one
/// round more than others.
pub fn in_turn(measurer: &mut dyn Measurer, plan: &Plan<'_>, observer: &mut dyn Observer) -> Result<Vec<Samples>> {
    let since = Instant::now();
    let mut taken: Vec<Samples> =
        measurer.subjects().into_iter().map(|subject| Samples { subject, milliseconds: Vec::new() }).collect();
    let all = plan.warm_up + plan.rounds;
    for round in 0..all {
        let counted = round.checked_sub(plan.warm_up);
        let late = plan.limit.is_some_and(|limit| since.elapsed() > limit);
        if late && counted.is_some_and(|it| it >= plan.fewest) {
            break;
        }
        for (index, samples) in taken.iter_mut().enumerate() {
            let took = measurer.measure(index, round);
            // The signal may also have stopped the measured program; ignore its failure.
            if plan.stop.load(Ordering::Relaxed) {
                return Ok(taken);
            }
            let milliseconds = milliseconds(took?);
            if let Some(round) = counted {
                observer.sample(Sample { subject: &samples.subject, round, milliseconds })?;
                samples.milliseconds.push(milliseconds);
            }
        }
        observer.round(round + 1, all);
    }
    Ok(taken)
}

/// Rounded to nanoseconds, so that the number is short and survives a round trip.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of an operation are far below 2^53")]
fn milliseconds(took: Duration) -> f64 {
    took.as_nanos() as f64 / 1e6
}
