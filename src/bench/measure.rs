//! Measuring in turn: warm-up first, then A B C A B C …, so that a machine that speeds up or slows down does so for all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::Result;

/// Takes samples of some subjects: of real programs, or from a script in tests.
pub trait Measurer {
    /// What is measured, in the order of a round.
    fn subjects(&self) -> Vec<String>;
    /// Measures one subject once; its own preparations do not count. Warm-up rounds and counted ones are numbered through.
    fn measure(&mut self, subject: usize, round: usize) -> Result<Duration>;
}

/// How much to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// Rounds that are not counted.
    pub warm_up: usize,
    /// Counted rounds.
    pub rounds: usize,
    /// No new round begins after this time, once there are `fewest`.
    pub limit: Option<Duration>,
    /// Rounds that a time limit still waits for.
    pub fewest: usize,
    /// Set from outside to end; the sample that is being taken is not counted.
    pub stop: &'a AtomicBool,
}

/// Fewer rounds have no median worth the name.
pub const FEWEST_ROUNDS: usize = 3;

/// A sample, as it is taken.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample<'a> {
    /// What was measured.
    pub subject: &'a str,
    /// The counted round, from 0.
    pub round: usize,
    /// What it took.
    pub milliseconds: f64,
}

/// What one subject took, in the order of the rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// What was measured.
    pub subject: String,
    /// What it took.
    pub milliseconds: Vec<f64>,
}

/// Hears of every sample as it is taken, and of how far the run is.
pub trait Observer {
    /// A counted sample was taken.
    fn sample(&mut self, sample: Sample<'_>) -> Result<()>;
    /// So many of so many rounds are done, warm-up included.
    fn round(&mut self, done: usize, all: usize);
}

/// Measures all subjects in turn. Stopped early, it gives what there is: every subject has the same rounds, or one more.
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
            // Whoever stops the run may have stopped what is measured too: that failure means nothing.
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

/// A whole number of nanoseconds, so that it is written in few digits and read again as the same.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of an operation are far below 2^53")]
fn milliseconds(took: Duration) -> f64 {
    took.as_nanos() as f64 / 1e6
}
