//! How much memory this process may have, by `/proc/meminfo` and the control groups.
//!
//! A port: `sysctl hw.memsize` on macOS, `hw.physmem` on the BSDs; control groups have no counterpart there. Where nothing says it,
//! the caller has a default.

use std::fs;
use std::path::Path;

/// The memory of this machine, or of the container that this process runs in; in bytes. `None` where nothing says it.
#[must_use]
pub fn memory_limit() -> Option<u64> {
    memory_of(Path::new("/"))
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

    use super::memory_of;

    const GIB: u64 = 1 << 30;

    /// Paths and their contents.
    type Files<'a> = &'a [(&'a str, &'a str)];

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
