//! The machine, and the load of other programs, from `/proc` if available.

use std::fs;
use std::thread;

use rustix::system::uname;
use serde::{Deserialize, Serialize};

/// The properties of a machine that affect measurements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system and the version of its kernel.
    pub system: String,
    /// For example `x86_64`.
    pub architecture: String,
    /// The processor's name, or empty.
    pub processor: String,
    /// Number of cores available to this process.
    pub cores: usize,
    /// Memory in KiB; 0 if unknown.
    pub memory_kib: u64,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let kernel = uname();
        let text = |it: &std::ffi::CStr| it.to_string_lossy().into_owned();
        Self {
            system: format!("{} {}", text(kernel.sysname()), text(kernel.release())),
            architecture: text(kernel.machine()),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_default().to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_kib: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|it| it.trim_end_matches("kB").trim().parse().ok())
                .unwrap_or(0),
        }
    }
}

/// The first value with this name, in a file of `name: value` lines.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|it| it.split_once(':'));
    pairs.filter(|(it, _)| it.trim() == name).map(|(_, value)| value.trim()).next()
}

/// Processor time of all cores since boot, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticks {
    /// Of this process and its reaped children.
    own: u64,
    /// Of all processes, including time stolen by the host.
    busy: u64,
    /// In total, including idle time.
    all: u64,
}

impl Ticks {
    /// The current counters; `None` without `/proc`.
    pub(super) fn now() -> Option<Self> {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self::of(&read("/proc/stat")?, &read("/proc/self/stat")?)
    }

    /// `cpu` of `/proc/stat` has user, nice, system, idle, iowait, irq, softirq, steal; guests are in user and nice already.
    /// `/proc/self/stat` has utime, stime, cutime and cstime as its fields 14 to 17; what comes before may hold blanks.
    fn of(machine: &str, process: &str) -> Option<Self> {
        let line = machine.lines().find_map(|it| it.strip_prefix("cpu "))?;
        let spent: Vec<u64> = line.split_whitespace().map_while(|it| it.parse().ok()).take(8).collect();
        let (all, idle) = (spent.iter().sum::<u64>(), spent.get(3)? + spent.get(4)?);
        let (_, rest) = process.rsplit_once(')')?;
        let own = rest.split_whitespace().skip(11).take(4).filter_map(|it| it.parse::<u64>().ok()).sum();
        Some(Self { own, busy: all - idle, all })
    }

    /// The share of time used by other programs since `before`, in thousandths.
    #[expect(clippy::cast_precision_loss, reason = "ticks of a run are far below 2^53")]
    pub(super) fn others_since(self, before: Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|it| *it > 0)?;
        let others = (self.busy.checked_sub(before.busy)?).saturating_sub(self.own.checked_sub(before.own)?);
        Some((others as f64 / all as f64 * 1e3).round() / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::{Machine, Ticks, field};

    const STAT: &str = "cpu  100 10 40 800 50 0 0 0 7 0\ncpu0 1 2 3 4\n";
    const OWN: &str = "7 (a b) c) R 1 7 7 0 -1 4194304 9 9 9 9 20 10 6 4 20 0 1 0 1 1 1";

    #[test]
    fn other_work_is_busy_time_that_is_not_ours() {
        let before = Ticks::of(STAT, OWN);
        assert_eq!(before, Some(Ticks { own: 40, busy: 150, all: 1000 }));
        // 200 more ticks, 120 of them busy, 20 of those ours: 100 of 200 are of others.
        let after = Ticks::of("cpu 200 10 50 870 60 0 0 10 7 0\n", &OWN.replace(" 20 10 6 4 ", " 25 15 11 9 "));
        assert_eq!(after.zip(before).and_then(|(after, before)| after.others_since(before)), Some(0.5));
        assert_eq!(before.zip(after).and_then(|(before, after)| before.others_since(after)), None);
    }

    #[test]
    fn files_of_another_format_give_nothing() {
        assert_eq!(Ticks::of("", OWN), None);
        assert_eq!(Ticks::of("cpu 1 2\n", OWN), None);
        assert_eq!(Ticks::of(STAT, "7"), None);
        assert_eq!(field("model name : A\nmodel name: B", "model name"), Some("A"));
        assert_eq!(field("model names: A", "model name"), None);
    }

    #[test]
    fn this_machine_has_a_core_and_a_name() {
        let machine = Machine::this();
        assert!(machine.cores > 0 && !machine.system.is_empty() && !machine.architecture.is_empty(), "{machine:?}");
    }
}
