//! What the machine is and what it does, in `/proc/cpuinfo`, `/proc/meminfo` and `/proc/stat`.
//!
//! A port: `sysctl` (`machdep.cpu.brand_string`, `hw.memsize`, `kern.cp_time`). Where nothing says it, a report of measurements lacks
//! the name, the memory and the share of other work.

use std::collections::BTreeSet;
use std::fs;

/// What the processor calls itself.
#[must_use]
pub fn processor() -> Option<String> {
    field(&fs::read_to_string("/proc/cpuinfo").ok()?, "model name").map(str::to_owned)
}

/// The memory of the machine in KiB.
#[must_use]
pub fn memory_kib() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    field(&text, "MemTotal")?.trim_end_matches("kB").trim().parse().ok()
}

/// The first value with this name, in a file of `name: value` lines.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|it| it.split_once(':'));
    pairs.filter(|(it, _)| it.trim() == name).map(|(_, value)| value.trim()).next()
}

/// Processor time of all cores since boot, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticks {
    /// Of this process and its reaped children.
    own: u64,
    /// Of all processes, including time stolen by the host.
    busy: u64,
    /// In total, including idle time.
    all: u64,
}

impl Ticks {
    /// The current counters; `None` without `/proc`.
    #[must_use]
    pub fn now() -> Option<Self> {
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
    #[must_use]
    pub fn others_since(self, before: Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|it| *it > 0)?;
        let others = (self.busy.checked_sub(before.busy)?).saturating_sub(self.own.checked_sub(before.own)?);
        Some((others as f64 / all as f64 * 1e3).round() / 1e3)
    }
}

/// The processors that run; `None` if the kernel does not say it.
#[must_use]
pub fn online_processors() -> Option<BTreeSet<u32>> {
    let list = fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    Some(processor_numbers(&list)).filter(|it| !it.is_empty())
}

/// The numbers of a list of processors such as `0,2-3`; what is none is left out.
#[must_use]
pub fn processor_numbers(list: &str) -> BTreeSet<u32> {
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim().parse::<u32>().ok()?..=to.trim().parse::<u32>().ok()?.min(u32::from(u16::MAX)))
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::{Ticks, field, processor_numbers};

    const STAT: &str = "cpu  100 10 40 800 50 0 0 0 7 0\ncpu0 1 2 3 4\n";
    const OWN: &str = "7 (a b) c) R 1 7 7 0 -1 4194304 9 9 9 9 20 10 6 4 20 0 1 0 1 1 1";

    #[test]
    fn a_list_of_processors_has_numbers_and_ranges() {
        let numbers = |list: &str| processor_numbers(list).into_iter().collect::<Vec<_>>();
        assert_eq!((numbers("0,2-4\n"), numbers("1")), (vec![0, 2, 3, 4], vec![1]));
        assert_eq!((numbers("x,7,3-"), numbers(""), numbers("4-2")), (vec![7], vec![], vec![]));
    }

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
}
