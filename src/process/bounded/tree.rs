//! The processes of a command: in a control group, or, where this user may make none, those that descend from this process.

use std::cell::Cell;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Signal, WaitOptions, wait};

use super::ending::Ending;
use crate::linux::{ControlGroup, Limits, ProcessStatus, descendants, send_signal};

/// Maximum time for the processes to be gone once they were ended.
const ENDING: Duration = Duration::from_secs(5);

/// What keeps the limits of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// Whether the kernel keeps them, and not somebody who looks again and again.
    pub by_kernel: bool,
    /// What it is, for people.
    pub by: &'static str,
    /// The limits that nothing keeps.
    pub not: Vec<&'static str>,
}

pub(super) struct Tree {
    group: Option<ControlGroup>,
    limits: Limits,
    /// The most that was seen in memory by sampling, in bytes.
    sampled_peak: Cell<u64>,
}

impl Tree {
    /// Makes its group, which nobody else has. Without a name, the random keys of the hasher are in it.
    pub(super) fn make(name: Option<&str>, limits: &Limits) -> Self {
        use std::hash::BuildHasher as _;
        let number = std::hash::RandomState::new().hash_one(std::process::id());
        let group = ControlGroup::make(name.unwrap_or(&format!("cfn-run-{number:016x}")), limits);
        Self { group, limits: limits.clone(), sampled_peak: Cell::new(0) }
    }

    /// What keeps the limits.
    pub(super) fn limited(&self) -> Limited {
        if let Some(group) = &self.group {
            return Limited { by_kernel: true, by: group.name(), not: group.unlimited().to_vec() };
        }
        let unsampled = [("cpus", self.limits.cpus.is_some()), ("cpu set", self.limits.cpu_set.is_some())];
        let not = unsampled.into_iter().filter(|(_, wanted)| *wanted).map(|(limit, _)| limit).collect();
        Limited { by_kernel: false, by: "samples each 100 ms", not }
    }

    /// The files by which a process joins it.
    pub(super) fn doors(&self) -> Vec<PathBuf> {
        self.group.iter().flat_map(ControlGroup::doors).collect()
    }

    /// Whether somebody must look again and again whether a limit is exceeded. In version 1 the kernel ends one process
    /// only, and not the others.
    pub(super) fn is_watched(&self) -> bool {
        self.limits.memory_bytes.is_some() || (self.group.is_none() && self.limits.processes.is_some())
    }

    /// The limit that was exceeded: the kernel ended a process for its memory, or, without a group, all together have too
    /// much.
    pub(super) fn exceeded(&self) -> Option<Ending> {
        match &self.group {
            Some(group) => (group.memory_kills() > 0).then_some(Ending::Memory),
            None => self.sampled(&descendants()),
        }
    }

    /// Samples memory and number of the processes.
    fn sampled(&self, processes: &[i32]) -> Option<Ending> {
        let resident = |it: &i32| ProcessStatus::of(it.unsigned_abs()).resident_kib() * 1024;
        let bytes: u64 = processes.iter().map(resident).sum();
        self.sampled_peak.set(self.sampled_peak.get().max(bytes));
        if self.limits.memory_bytes.is_some_and(|most| bytes > most) {
            return Some(Ending::Memory);
        }
        self.limits.processes.is_some_and(|most| processes.len() > most as usize).then_some(Ending::Processes)
    }

    /// The most memory that it had.
    pub(super) fn peak_bytes(&self) -> Option<u64> {
        match &self.group {
            Some(group) => group.peak_bytes(),
            None => Some(self.sampled_peak.get()).filter(|it| *it > 0),
        }
    }

    /// Sends a signal to each of its processes.
    pub(super) fn signal(&self, signal: Signal) {
        match &self.group {
            Some(group) => group.signal(signal),
            None => descendants().into_iter().for_each(|it| send_signal(it, signal)),
        }
    }

    /// Ends what is left of it, and reaps what this process inherited.
    pub(super) fn end(self) -> io::Result<()> {
        let group = self.group.map_or(Ok(()), ControlGroup::end);
        let until = Instant::now() + ENDING;
        loop {
            let mut waited = wait(WaitOptions::NOHANG);
            while let Ok(Some(_)) = waited {
                waited = wait(WaitOptions::NOHANG);
            }
            if matches!(waited, Err(Errno::CHILD)) {
                return group; // who has no child has no descendant: nobody need look through all processes
            }
            let left = descendants();
            if left.is_empty() {
                return group;
            }
            if Instant::now() > until {
                return Err(io::Error::other(format!("processes do not end: {left:?}")));
            }
            for process in left {
                send_signal(process, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
