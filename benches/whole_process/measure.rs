//! Commands in turn (A B A B …), so that a machine that speeds up or slows down does so for all of them.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Serialize;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One of the things that are compared: says how long a run took. Its own preparations do not count.
pub(crate) struct Side<'a> {
    pub(crate) name: String,
    pub(crate) run: Box<dyn FnMut(usize) -> Result<Duration> + 'a>,
}

impl<'a> Side<'a> {
    pub(crate) fn new(name: impl Into<String>, run: impl FnMut(usize) -> Result<Duration> + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// How long a command takes as its caller sees it, from before it is started until it has ended. A failure is an error.
pub(crate) fn timed(command: &mut Command) -> Result<Duration> {
    command.stdout(Stdio::null());
    let since = Instant::now();
    let status = command.status()?;
    let took = since.elapsed();
    if status.success() { Ok(took) } else { Err(format!("{command:?}: {status}").into()) }
}

/// What several runs of each side took; the first side is the one that the others are compared with.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) what: String,
    pub(crate) sides: Vec<Samples>,
}

/// What the runs of one side took.
#[derive(Debug, Serialize)]
pub(crate) struct Samples {
    pub(crate) name: String,
    pub(crate) nanoseconds: Vec<u64>,
}

/// Runs the sides in turn; the first runs of each are not counted.
pub(crate) fn compare(what: &str, runs: usize, warm_up: usize, mut sides: Vec<Side<'_>>) -> Result<Comparison> {
    let mut taken: Vec<Vec<u64>> = vec![Vec::new(); sides.len()];
    for run in 0..warm_up + runs {
        for (side, samples) in sides.iter_mut().zip(&mut taken) {
            let took = (side.run)(run).map_err(|error| format!("{what}: {}: {error}", side.name))?;
            if run >= warm_up {
                samples.push(u64::try_from(took.as_nanos())?);
            }
        }
    }
    let named = sides.iter().zip(taken).map(|(side, nanoseconds)| Samples { name: side.name.clone(), nanoseconds });
    Ok(Comparison { what: what.to_owned(), sides: named.collect() })
}

impl Comparison {
    /// The median of the ratios of the runs that followed each other: this side to the first.
    pub(crate) fn ratio(&self, side: usize) -> f64 {
        let pairs = self.sides[0].nanoseconds.iter().zip(&self.sides[side].nanoseconds);
        median(&pairs.map(|(&first, &other)| milliseconds(other) / milliseconds(first)).collect::<Vec<_>>())
    }

    /// Keeps the raw samples.
    pub(crate) fn save(&self, folder: &Path, name: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        Ok(fs::write(folder.join(format!("{name}.json")), serde_json::to_vec_pretty(self)?)?)
    }
}

impl Samples {
    /// Minimum, mean, median, 95th and 99th percentile and standard deviation, in milliseconds.
    pub(crate) fn figures(&self) -> [f64; 6] {
        let sorted = sorted(&self.milliseconds());
        let count = as_float(sorted.len());
        let mean = sorted.iter().sum::<f64>() / count;
        let spread = sorted.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        [sorted[0], mean, quantile(&sorted, 50), quantile(&sorted, 95), quantile(&sorted, 99), spread.sqrt()]
    }

    fn milliseconds(&self) -> Vec<f64> {
        self.nanoseconds.iter().map(|&it| milliseconds(it)).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run takes far less than 2^53 ns")]
fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "a count of runs")]
fn as_float(count: usize) -> f64 {
    count as f64
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

fn median(values: &[f64]) -> f64 {
    quantile(&sorted(values), 50)
}

/// Between the two nearest samples where the quantile falls between them.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() - 1) * percent;
    let (low, part) = (place / 100, as_float(place % 100) / 100.0);
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * part
}
