//! Version 1: a hierarchy for each controller.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::limits::Limits;
use super::made::Made;
use super::processes::send_signal;

/// Makes the group in the hierarchies that are needed: the freezer to end it, the memory to know its peak, and those of its
/// limits.
pub(super) fn make(root: &Path, own: &str, name: &str, limits: &Limits) -> Option<Made> {
    let folder = |controller: &str| folder_in(root, own, controller, name);
    let freezer = folder("freezer")?;
    let mut group = Made { folders: vec![freezer], ..Made::default() };
    let memory = folder("memory");
    let limited = limits.memory_bytes.is_none_or(|bytes| {
        let memory = memory.as_deref();
        memory.is_some_and(|it| write(it, "memory.limit_in_bytes", &bytes.to_string())) && {
            // The kernel may not count swap; then there is none that could be limited.
            let swap = memory.map(|it| it.join("memory.memsw.limit_in_bytes"));
            swap.is_none_or(|it| !it.exists() || fs::write(it, bytes.to_string()).is_ok())
        }
    });
    group.take("memory", memory, limited);
    if let Some((quota, period)) = limits.quota() {
        let folder = folder("cpu");
        let limited = folder.as_deref().is_some_and(|it| {
            write(it, "cpu.cfs_period_us", &period.to_string()) && write(it, "cpu.cfs_quota_us", &quota.to_string())
        });
        group.take("cpus", folder, limited);
    }
    if let Some(set) = &limits.cpu_set {
        let folder = folder("cpuset");
        let limited = folder.as_deref().is_some_and(|it| inherit_nodes(it) && write(it, "cpuset.cpus", set));
        group.take("cpu set", folder, limited);
    }
    if let Some(number) = limits.processes {
        let folder = folder("pids");
        let limited = folder.as_deref().is_some_and(|it| write(it, "pids.max", &number.to_string()));
        group.take("processes", folder, limited);
    }
    Some(group)
}

/// Makes the folder below this process's own group, or below the root of the hierarchy where that is not shown.
fn folder_in(root: &Path, own: &str, controller: &str, name: &str) -> Option<PathBuf> {
    places(root, own, controller, name).into_iter().find(|it| fs::create_dir(it).is_ok())
}

/// Where a group may be.
fn places(root: &Path, own: &str, controller: &str, name: &str) -> Vec<PathBuf> {
    let of_controller = |line: &&str| line.split(':').nth(1).is_some_and(|it| it.split(',').any(|it| it == controller));
    let line = own.lines().find(of_controller).unwrap_or_default();
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(mounted), Some(path)) = (parts.next(), parts.next()) else { return Vec::new() };
    let path = path.trim_start_matches('/');
    let hierarchy = root.join("sys/fs/cgroup").join(mounted);
    let mut parents = vec![hierarchy.join(path), hierarchy];
    parents.dedup();
    parents.iter().map(|it| it.join(name)).collect()
}

/// The hierarchies in which a group may be, the one that knows all its processes first.
const HIERARCHIES: [&str; 5] = ["freezer", "memory", "cpu", "cpuset", "pids"];

/// The folders of a group that another process made.
pub(super) fn left(root: &Path, near: &str, name: &str) -> Vec<PathBuf> {
    HIERARCHIES.iter().flat_map(|it| places(root, near, it, name)).filter(|it| it.is_dir()).collect()
}

fn write(folder: &Path, file: &str, value: &str) -> bool {
    fs::write(folder.join(file), value).is_ok()
}

/// A new group has no memory nodes, and then nothing may run in it.
fn inherit_nodes(folder: &Path) -> bool {
    let parent = folder.parent().map(|it| fs::read_to_string(it.join("cpuset.mems")));
    parent.is_some_and(|it| it.is_ok_and(|nodes| write(folder, "cpuset.mems", nodes.trim())))
}

/// Frozen processes start no others while they are counted; they end when they are thawed.
pub(super) fn kill(freezer: &Path, processes: impl Fn() -> Vec<i32>) {
    let _ = fs::write(freezer.join("freezer.state"), "FROZEN");
    for process in processes() {
        send_signal(process, Signal::KILL);
    }
    let _ = fs::write(freezer.join("freezer.state"), "THAWED");
}
