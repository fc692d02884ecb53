//! Both versions on folders that imitate them.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use super::{ControlGroup, Limits};

fn file(root: &Path, path: &str, text: &str) -> PathBuf {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap_or(root)).unwrap_or_default();
    fs::write(&path, text).unwrap_or_default();
    path
}

fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap_or_else(|error| format!("{path}: {error}"))
}

fn limits() -> Limits {
    Limits { memory_bytes: Some(1 << 30), cpus: Some(1.5), cpu_set: Some("0,1".to_owned()), processes: Some(64) }
}

#[test]
fn a_group_of_version_2_is_beside_our_own() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    file(root, "proc/self/cgroup", "0::/user/app/shell.scope\n");
    file(root, "sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids\n");
    file(root, "sys/fs/cgroup/user/cgroup.subtree_control", "memory\n");
    file(root, "sys/fs/cgroup/user/app/cgroup.subtree_control", "cpu io memory pids\n");
    fs::create_dir(root.join("sys/fs/cgroup/user/app/shell.scope")).unwrap_or_default();
    let group = ControlGroup::make_in(root, "cfn-1", &limits());
    let made = "sys/fs/cgroup/user/app/cfn-1";
    assert_eq!(read(root, &format!("{made}/memory.max")), "1073741824");
    assert_eq!(read(root, &format!("{made}/memory.swap.max")), "0");
    assert_eq!(read(root, &format!("{made}/cpu.max")), "150000 100000");
    assert_eq!(read(root, &format!("{made}/cpuset.cpus")), "0,1");
    assert_eq!(read(root, &format!("{made}/pids.max")), "64");
    file(root, &format!("{made}/memory.events"), "low 0\noom 2\noom_kill 3\n");
    file(root, &format!("{made}/memory.peak"), "4096\n");
    let group = group.expect("it is made");
    assert_eq!((group.memory_kills(), group.peak_bytes(), group.name()), (3, Some(4096), "control groups (version 2)"));
    assert!(group.unlimited().is_empty(), "{group:?}");
    assert_eq!(group.doors().collect::<Vec<_>>(), [root.join(made).join("cgroup.procs")]);
}

#[test]
fn a_group_of_version_1_is_in_each_hierarchy_that_it_needs() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    file(root, "proc/self/cgroup", "5:cpu,cpuacct:/\n4:memory:/hidden/job\n3:cpuset:/\n2:freezer:/\n0::/\n");
    for hierarchy in ["cpu,cpuacct", "memory", "freezer", "cpuset"] {
        fs::create_dir_all(root.join("sys/fs/cgroup").join(hierarchy)).unwrap_or_default();
    }
    file(root, "sys/fs/cgroup/cpuset/cpuset.mems", "0\n");
    let group = ControlGroup::make_in(root, "cfn-1", &limits()).expect("it is made");
    assert_eq!(read(root, "sys/fs/cgroup/memory/cfn-1/memory.limit_in_bytes"), "1073741824");
    assert_eq!(read(root, "sys/fs/cgroup/cpu,cpuacct/cfn-1/cpu.cfs_quota_us"), "150000");
    assert_eq!(read(root, "sys/fs/cgroup/cpuset/cfn-1/cpuset.mems"), "0");
    assert_eq!(group.unlimited(), ["processes"], "there is no hierarchy for it");
    let doors: Vec<_> =
        group.doors().filter_map(|it| Some(it.strip_prefix(root).ok()?.display().to_string())).collect();
    let door = |hierarchy: &str| format!("sys/fs/cgroup/{hierarchy}/cfn-1/tasks");
    assert_eq!(doors, ["freezer", "memory", "cpu,cpuacct", "cpuset"].map(door));
}

#[test]
fn where_none_may_be_made_there_is_none() {
    let root = tempfile::tempdir().expect("a folder");
    let root = root.path();
    assert!(ControlGroup::make_in(root, "cfn-1", &limits()).is_none());
    file(root, "proc/self/cgroup", "0::/\n");
    file(root, "sys/fs/cgroup/cgroup.subtree_control", "cpu memory pids\n");
    assert!(ControlGroup::make_in(root, "cfn-1", &limits()).is_none(), "this process is at the root itself");
}
