//! Options that limit a command.

use std::time::Duration;

use crate::linux::Limits;
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
    #[arg(long, value_name = "LIST")]
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

fn cpus(text: &str) -> Result<f64, String> {
    let wrong = || "a share of processors is a number above 0, such as 1.5".to_owned();
    text.parse().ok().filter(|it: &f64| it.is_finite() && *it > 0.0).ok_or_else(wrong)
}

/// Parses a time in seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is a number of seconds, such as 300 or 0.5".to_owned();
    text.parse().ok().and_then(|it| Duration::try_from_secs_f64(it).ok()).ok_or_else(wrong)
}
