//! Collects the times of the workers while they work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::client::Failed;
use super::mix::Kind;
use super::report::{ErrorCount, LockFigures, OperationFigures, StressSample};
use crate::bench::error::{Error, Result};
use crate::store::LockWaits;

/// Upper limit of the histograms, in microseconds; longer operations count as this.
const LONGEST: u64 = 3_600_000_000;

/// The state shared by all workers.
pub(super) struct Figures<'a> {
    pub(super) since: Instant,
    duration: Duration,
    stop: &'a AtomicBool,
    workers: Vec<Mutex<Taken>>,
}

/// The times of one worker since the last collection.
#[derive(Debug, Default)]
struct Taken {
    microseconds: Vec<(Kind, u64)>,
    errors: Vec<(Kind, Failed)>,
    waits: Option<LockWaits>,
}

impl<'a> Figures<'a> {
    pub(super) fn new(workers: usize, duration: Duration, stop: &'a AtomicBool) -> Self {
        Self { since: Instant::now(), duration, stop, workers: (0..workers).map(|_| Mutex::default()).collect() }
    }

    pub(super) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && self.since.elapsed() < self.duration
    }

    pub(super) fn took(
        &self,
        worker: usize,
        kind: Kind,
        took: Duration,
        failed: Option<&Failed>,
        waits: Option<LockWaits>,
    ) {
        let mut taken = locked(&self.workers[worker]);
        match failed {
            None => taken.microseconds.push((kind, u64::try_from(took.as_micros()).unwrap_or(LONGEST))),
            Some(failed) => taken.errors.push((kind, failed.clone())),
        }
        taken.waits = waits;
    }
}

/// A poisoned lock is harmless: it holds only figures.
fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The totals so far.
pub(super) struct Totals {
    histograms: [Histogram<u64>; 4],
    interval: Histogram<u64>,
    errors: [u64; 4],
    kinds: BTreeMap<String, ErrorCount>,
    waits: Option<LockWaits>,
    pub(super) samples: Vec<StressSample>,
    at_last_sample: (f64, u64, LockWaits),
}

impl Totals {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            histograms: [histogram()?, histogram()?, histogram()?, histogram()?],
            interval: histogram()?,
            errors: [0; 4],
            kinds: BTreeMap::new(),
            waits: None,
            samples: Vec::new(),
            at_last_sample: (0.0, 0, LockWaits::default()),
        })
    }

    /// Collects the new times of the workers.
    pub(super) fn collect(&mut self, figures: &Figures<'_>) {
        let mut waits: Option<LockWaits> = None;
        for worker in &figures.workers {
            let mut guard = locked(worker);
            let (times, errors) = (std::mem::take(&mut guard.microseconds), std::mem::take(&mut guard.errors));
            if let Some(its) = guard.waits {
                let sum = waits.get_or_insert_default();
                sum.count += its.count;
                sum.time += its.time;
            }
            drop(guard); // a worker must not wait for what follows
            for (kind, time) in times {
                self.histograms[kind as usize].saturating_record(time);
                self.interval.saturating_record(time);
            }
            for (kind, failed) in errors {
                self.errors[kind as usize] += 1;
                let kind = failed.reason.to_string();
                let new = || ErrorCount { kind: kind.clone(), count: 0, first: failed.message.clone() };
                self.kinds.entry(kind.clone()).or_insert_with(new).count += 1;
            }
        }
        self.waits = waits.or(self.waits);
    }

    /// The numbers of acknowledged and failed operations.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.histograms.iter().map(Histogram::len).sum(), self.errors.iter().sum())
    }

    /// Ends an interval.
    pub(super) fn sample(&mut self, seconds: f64, memory_kib: u64, redis_operations: Option<f64>) -> &StressSample {
        let (operations, errors) = self.counts();
        let (before, operations_before, waits_before) = self.at_last_sample;
        let waits = self
            .waits
            .map(|it| LockFigures::of(it.count - waits_before.count, it.time.saturating_sub(waits_before.time)));
        let sample = StressSample {
            seconds,
            operations,
            operations_per_second: float(operations - operations_before) / (seconds - before).max(1e-3),
            p99_ms: milliseconds(self.interval.value_at_quantile(0.99)),
            slowest_ms: milliseconds(self.interval.max()),
            errors,
            lock_waits: waits,
            memory_kib,
            redis_operations_per_second: redis_operations,
        };
        self.interval.reset();
        self.at_last_sample = (seconds, operations, self.waits.unwrap_or_default());
        self.samples.push(sample);
        &self.samples[self.samples.len() - 1]
    }

    pub(super) fn operations(&self, seconds: f64) -> Vec<OperationFigures> {
        let each = Kind::ALL.into_iter().zip(&self.histograms).zip(self.errors);
        let figures = each.filter(|((_, it), errors)| it.len() + errors > 0).map(|((operation, it), errors)| {
            let at = |quantile| milliseconds(it.value_at_quantile(quantile));
            OperationFigures {
                operation,
                count: it.len(),
                errors,
                per_second: float(it.len()) / seconds.max(1e-3),
                mean_ms: it.mean() / 1000.0,
                p50_ms: at(0.5),
                p95_ms: at(0.95),
                p99_ms: at(0.99),
                p999_ms: at(0.999),
                slowest_ms: milliseconds(it.max()),
            }
        });
        figures.collect()
    }

    pub(super) fn lock_waits(&self) -> Option<LockFigures> {
        self.waits.map(|it| LockFigures::of(it.count, it.time))
    }

    pub(super) fn errors(&self) -> Vec<ErrorCount> {
        self.kinds.values().cloned().collect()
    }
}

/// A histogram with three significant digits.
fn histogram() -> Result<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST, 3).map_err(|_| Error::Defect("the bounds of a histogram are wrong"))
}

fn milliseconds(microseconds: u64) -> f64 {
    float(microseconds) / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds of a run are far below 2^53")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
