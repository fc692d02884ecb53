//! Commands in turn (A B A B …), so that a machine that speeds up or slows down does so for all of them.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cfn::bench::statistics::{self, Summary};
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
        let (first, other) = (self.sides[0].milliseconds(), self.sides[side].milliseconds());
        statistics::median(&first.iter().zip(&other).map(|(first, other)| other / first).collect::<Vec<_>>())
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
        Summary::of(&self.milliseconds())
            .map_or([f64::NAN; 6], |it| [it.minimum, it.mean, it.median, it.p95, it.p99, it.standard_deviation])
    }

    pub(crate) fn milliseconds(&self) -> Vec<f64> {
        self.nanoseconds.iter().map(|&it| Duration::from_nanos(it).as_secs_f64() * 1000.0).collect()
    }
}
