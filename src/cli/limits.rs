//! Options that limit a command.

use std::time::Duration;

use crate::cli::failure::Failure;
use crate::linux::{Limits, online_processors, processor_numbers};
use crate::model::size_of;

/// What a tree of processes may have.
#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// Memory: a number with k, m, g or t, in units of 1024
    #[arg(long, value_name = "SIZE", value_parser = size)]
    memory: Option<u64>,
    /// Processors' time: 1.5 is one and a half
    #[arg(long, value_name = "N", value_parser = cpus)]
    cpus: Option<f64>,
    /// The processors to use, such as 0,2-3
    #[arg(long, value_name = "LIST", value_parser = processors)]
    cpuset: Option<String>,
    /// Number of processes and threads
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pids: Option<u32>,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        Limits { memory_bytes: self.memory, cpus: self.cpus, cpu_set: self.cpuset.clone(), processes: self.pids }
    }
}

/// Parses a size.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "a size is a number with k, m, g or t, such as 512m".to_owned();
    size_of(text).ok_or_else(wrong)
}

/// The kernel has no more processors than this.
const MOST_PROCESSORS: u32 = 8192;

/// A list of processors. Whether they are there, only who limits knows: an engine may be on another machine.
fn processors(text: &str) -> Result<String, String> {
    let number = |it: &str| {
        let is_number = !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        it.parse::<u32>().ok().filter(|it| is_number && *it < MOST_PROCESSORS)
    };
    let is_part = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        number(from).zip(number(to)).is_some_and(|(from, to)| from <= to)
    };
    let wrong = || "processors are a list of numbers and ranges, such as 0,2-3".to_owned();
    text.split(',').all(is_part).then(|| text.to_owned()).ok_or_else(wrong)
}

/// Refuses processors that this machine does not have: the kernel would give all of them, or none.
pub(super) fn require_processors(limits: &Limits) -> Result<(), Failure> {
    let (Some(asked), Some(there)) = (&limits.cpu_set, online_processors()) else { return Ok(()) };
    match processor_numbers(asked).difference(&there).next() {
        None => Ok(()),
        Some(missing) => Err(Failure::input(
            format!("there is no processor {missing} on this machine"),
            "Name others with --cpuset; 'nproc --all' says how many there are, and the first is 0.",
        )),
    }
}

fn cpus(text: &str) -> Result<f64, String> {
    let wrong = || "a share of processors is a number above 0, such as 1.5".to_owned();
    text.parse().ok().filter(|it: &f64| it.is_finite() && *it > 0.0).ok_or_else(wrong)
}

/// Parses a pause, in seconds: without one, a loop would never rest.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    let wrong = || "a pause is a number of seconds above 0, such as 10 or 0.5".to_owned();
    seconds(text).ok().filter(|it| !it.is_zero()).ok_or_else(wrong)
}

/// Parses a time in seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number of seconds, such as 300 or 0.5".to_owned();
    text.parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok()).ok_or_else(wrong)
}
