//! The limits of the in-memory cache, from the memory available to the process.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Minimum number of entries, even on the smallest machine.
const FEWEST: usize = 50;

const ENTRIES_PER_GIB: u64 = 100;

/// The cache gets 1/256 of the memory (40 KB per entry), but at most [`MOST_BYTES`].
const SHARE: u64 = 256;
const MOST_BYTES: u64 = 64 * MIB;

const TIME_TO_LIVE: Duration = Duration::from_secs(300);

const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;

/// The limits of a memory cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Initial and minimum capacity in entries.
    pub fewest: usize,
    /// Maximum capacity in entries.
    pub most: usize,
    /// Maximum total size of answers and keys, in bytes.
    pub bytes: usize,
    /// Time to live of an answer. It only reclaims memory: each answer's revision is checked when it is used.
    pub time_to_live: Duration,
}

impl Bounds {
    /// The limits for a machine with this much memory: 100 entries per GiB.
    #[must_use]
    pub fn for_memory(bytes: u64) -> Self {
        let entries = u128::from(bytes) * u128::from(ENTRIES_PER_GIB) / u128::from(GIB);
        Self {
            fewest: FEWEST,
            most: usize::try_from(entries).unwrap_or(usize::MAX).max(FEWEST),
            bytes: usize::try_from((bytes / SHARE).clamp(MIB, MOST_BYTES)).unwrap_or(usize::MAX),
            time_to_live: TIME_TO_LIVE,
        }
    }

    /// The limits for this machine or container.
    #[must_use]
    pub fn of_machine() -> Self {
        Self::for_memory(memory_of(Path::new("/")).unwrap_or(GIB))
    }
}

/// The memory of the machine in bytes, or the lowest limit of this process's control groups (versions 1 and 2). `root`
/// is the root of the file system. `None` if unknown.
fn memory_of(root: &Path) -> Option<u64> {
    let read = |path: &Path| fs::read_to_string(root.join(path)).ok();
    let physical = read(Path::new("proc/meminfo")).as_deref().and_then(total);
    let groups = read(Path::new("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().filter_map(limited_by).flat_map(|(folder, file, group)| {
        // A group's limit also applies to its children. In a container, the path may exist only on the host.
        let parents = Path::new(group).ancestors().map(move |it| folder.join(it).join(file));
        parents.filter_map(|it| read(&it)?.trim().parse::<u64>().ok()).collect::<Vec<_>>()
    });
    physical.into_iter().chain(limits).min()
}

/// `MemTotal:       24684084 kB`
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|it| it.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

/// The location of a group's limit. A line is `number:controllers:/path`; controllers are empty in version 2.
fn limited_by(line: &str) -> Option<(&Path, &'static str, &str)> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?.trim_start_matches('/'));
    match controllers {
        "" => Some((Path::new("sys/fs/cgroup"), "memory.max", path)),
        _ if controllers.split(',').any(|it| it == "memory") => {
            Some((Path::new("sys/fs/cgroup/memory"), "memory.limit_in_bytes", path))
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;

    use super::{Bounds, GIB, MIB, memory_of};

    /// Paths and their contents.
    type Files<'a> = &'a [(&'a str, &'a str)];

    #[test]
    fn a_hundred_entries_per_gib_and_at_least_fifty() {
        let of = |bytes: u64| (Bounds::for_memory(bytes).most, Bounds::for_memory(bytes).bytes as u64 / MIB);
        assert_eq!(of(0), (50, 1));
        assert_eq!(of(512 * MIB), (50, 2));
        assert_eq!(of(8 * GIB), (800, 32));
        assert_eq!(of(24 * GIB), (2400, 64));
        assert_eq!(of(u64::MAX).1, 64);
        let machine = Bounds::of_machine();
        assert!(machine.fewest == 50 && machine.most >= 50 && machine.bytes as u64 >= MIB);
    }

    #[test]
    fn memory_is_that_of_the_machine_or_the_limit_of_a_control_group() {
        let meminfo = ("proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
        let groups = |text| ("proc/self/cgroup", text);
        let v2 = groups("0::/user/job\n");
        let v1 = groups("5:cpu,cpuacct:/other\n4:memory:/user/job\n0::/\n");
        let gib = "1073741824\n";
        let cases: &[(Files<'_>, Option<u64>)] = &[
            (&[], None),
            (&[("proc/meminfo", "nothing")], None),
            (&[meminfo], Some(16 * GIB)),
            (&[meminfo, v2], Some(16 * GIB)),
            (&[meminfo, v2, ("sys/fs/cgroup/user/job/memory.max", "max\n")], Some(16 * GIB)),
            (&[meminfo, v2, ("sys/fs/cgroup/user/job/memory.max", gib)], Some(GIB)),
            (&[meminfo, v2, ("sys/fs/cgroup/user/memory.max", gib)], Some(GIB)),
            (&[meminfo, v2, ("sys/fs/cgroup/memory.max", gib)], Some(GIB)),
            (&[meminfo, v2, ("sys/fs/cgroup/other/memory.max", gib)], Some(16 * GIB)),
            (&[meminfo, v1, ("sys/fs/cgroup/memory/user/job/memory.limit_in_bytes", gib)], Some(GIB)),
            (&[meminfo, v1, ("sys/fs/cgroup/memory/memory.limit_in_bytes", gib)], Some(GIB)),
            (
                &[meminfo, v1, ("sys/fs/cgroup/memory/user/job/memory.limit_in_bytes", "9223372036854771712")],
                Some(16 * GIB),
            ),
            (&[v2, ("sys/fs/cgroup/user/job/memory.max", gib)], Some(GIB)),
        ];
        for (files, expected) in cases {
            let root = tempfile::tempdir().expect("a folder");
            for (path, text) in *files {
                let path = root.path().join(path);
                fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
                fs::write(path, text).expect("a file");
            }
            assert_eq!(memory_of(root.path()), *expected, "{files:?}");
        }
    }
}
