//! Version 2: one hierarchy, in which only groups without processes may have groups with limits.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use super::limits::Limits;
use super::made::Made;
use super::processes::send_signal;

/// Makes the group beside that of this process, or beside the nearest one above it that may have limits.
pub(super) fn make(root: &Path, own: &str, name: &str, limits: &Limits) -> Option<Made> {
    let path = own.lines().find_map(|it| it.strip_prefix("0::/"))?;
    let hierarchy = root.join("sys/fs/cgroup");
    let own = hierarchy.join(path);
    // Without the memory controller, nothing of what matters is here: it is a hierarchy for names only.
    let folders = own.ancestors().skip(1).take_while(|it| it.starts_with(&hierarchy));
    let parent = folders.into_iter().find(|it| has_memory(it) && fs::create_dir(it.join(name)).is_ok())?;
    let folder = parent.join(name);
    let mut unlimited = Vec::new();
    let mut set = |limit, file: &str, value: Option<String>| {
        if value.is_some_and(|it| fs::write(folder.join(file), it).is_err()) {
            unlimited.push(limit);
        }
    };
    set("memory", "memory.max", limits.memory_bytes.map(|it| it.to_string()));
    set("cpus", "cpu.max", limits.quota().map(|(quota, period)| format!("{quota} {period}")));
    set("cpu set", "cpuset.cpus", limits.cpu_set.clone());
    set("processes", "pids.max", limits.processes.map(|it| it.to_string()));
    // Kernels without swap accounting have no such file, and all or nothing of a group ends.
    let _ = fs::write(folder.join("memory.swap.max"), "0");
    let _ = fs::write(folder.join("memory.oom.group"), "1");
    Some(Made { folders: vec![folder], unlimited })
}

/// The folder of a group that another process made.
pub(super) fn left(root: &Path, near: &str, name: &str) -> Vec<PathBuf> {
    let Some(path) = near.lines().find_map(|it| it.strip_prefix("0::/")) else { return Vec::new() };
    let hierarchy = root.join("sys/fs/cgroup");
    let own = hierarchy.join(path);
    let folders = own.ancestors().skip(1).take_while(|it| it.starts_with(&hierarchy)).map(|it| it.join(name));
    folders.filter(|it| it.is_dir()).collect()
}

/// Whether the groups in this one may have a limit of memory.
fn has_memory(group: &Path) -> bool {
    let controllers = fs::read_to_string(group.join("cgroup.subtree_control")).unwrap_or_default();
    controllers.split_whitespace().any(|it| it == "memory")
}

/// The kernel ends all of it at once; before 5.14 it is done one by one, again until none is left.
pub(super) fn kill(folder: &Path, processes: impl Fn() -> Vec<i32>) {
    if fs::write(folder.join("cgroup.kill"), "1").is_err() {
        for process in processes() {
            send_signal(process, Signal::KILL);
        }
    }
}
