//! The control group of a process that somebody else put there, such as a container engine. It is only looked at.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a group counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Number of processes that the kernel ended because the group had too much memory.
    pub memory_kills: u64,
    /// The memory that it has, in bytes.
    pub memory_bytes: Option<u64>,
    /// The most memory that it ever had, in bytes.
    pub peak_bytes: Option<u64>,
    /// The processors' time that it had.
    pub cpu: Option<Duration>,
}

/// The control groups of a process.
#[derive(Debug)]
pub struct SeenGroup {
    folders: Vec<PathBuf>,
}

impl SeenGroup {
    /// The groups of a process, if their names hold this text; so no other process is taken for it. `None` where they are not
    /// seen from here.
    #[must_use]
    pub fn of(process: u32, named: &str) -> Option<Self> {
        Self::of_in(Path::new("/"), process, named)
    }

    /// The same with another root of the file system.
    fn of_in(root: &Path, process: u32, named: &str) -> Option<Self> {
        let text = fs::read_to_string(root.join(format!("proc/{process}/cgroup"))).ok()?;
        let hierarchies = root.join("sys/fs/cgroup");
        let of_line = |line: &str| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, path) = (parts.next()?, parts.next()?);
            let is_counted = ["", "memory", "cpuacct"].iter().any(|it| controllers.split(',').any(|name| name == *it));
            let folder = hierarchies.join(controllers).join(path.trim_start_matches('/'));
            (is_counted && path.contains(named) && folder.is_dir()).then_some(folder)
        };
        let folders: Vec<_> = text.lines().filter_map(of_line).collect();
        (!folders.is_empty()).then_some(Self { folders })
    }

    /// What it counts now; `None` if it is gone.
    #[must_use]
    pub fn counted(&self) -> Option<Counted> {
        let number = |file: &str| self.read(file)?.trim().parse::<u64>().ok();
        let field = |file: &str, name: &str| {
            let text = self.read(file)?;
            text.lines().find_map(|it| it.strip_prefix(name))?.trim().parse::<u64>().ok()
        };
        self.folders.iter().any(|it| it.is_dir()).then(|| Counted {
            memory_kills: field("memory.oom_control", "oom_kill ")
                .or_else(|| field("memory.events", "oom_kill "))
                .unwrap_or(0),
            memory_bytes: number("memory.usage_in_bytes").or_else(|| number("memory.current")),
            peak_bytes: number("memory.max_usage_in_bytes").or_else(|| number("memory.peak")),
            cpu: number("cpuacct.usage")
                .map(Duration::from_nanos)
                .or_else(|| field("cpu.stat", "usage_usec ").map(Duration::from_micros)),
        })
    }

    /// Its limit of memory in bytes; `None` for none.
    #[must_use]
    pub fn memory_limit(&self) -> Option<u64> {
        let text = self.read("memory.limit_in_bytes").or_else(|| self.read("memory.max"))?;
        // Without a limit, version 1 says the largest number of pages, version 2 `max`.
        text.trim().parse::<u64>().ok().filter(|it| *it < 1 << 62)
    }

    /// Number of its processes.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        self.read("cgroup.procs").map(|it| it.lines().count())
    }

    fn read(&self, file: &str) -> Option<String> {
        self.folders.iter().find_map(|it| fs::read_to_string(it.join(file)).ok())
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Counted, SeenGroup};
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    #[test]
    fn a_group_is_looked_at_in_both_versions_and_no_other_is() {
        let root = tempfile::TempDir::new().expect("a folder");
        let root = root.path();
        write(root, "proc/7/cgroup", "5:memory:/docker/abc\n3:cpuacct,cpu:/docker/abc\n2:pids:/docker/abc\n0::/\n");
        write(
            root,
            "sys/fs/cgroup/memory/docker/abc/memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        );
        write(root, "sys/fs/cgroup/memory/docker/abc/memory.max_usage_in_bytes", "4096\n");
        let limit = |text: &str| {
            write(root, "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", text);
            SeenGroup::of_in(root, 7, "abc").expect("a group").memory_limit()
        };
        assert_eq!((limit("67108864\n"), limit("9223372036854771712\n")), (Some(67_108_864), None));
        write(root, "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "2048\n");
        write(root, "sys/fs/cgroup/memory/docker/abc/cgroup.procs", "7\n8\n");
        write(root, "sys/fs/cgroup/cpuacct,cpu/docker/abc/cpuacct.usage", "5000000\n");
        let group = SeenGroup::of_in(root, 7, "abc").expect("a group");
        assert_eq!(group.count(), Some(2));
        let counted = group.counted();
        let expected = Counted {
            memory_kills: 2,
            memory_bytes: Some(2048),
            peak_bytes: Some(4096),
            cpu: Some(Duration::from_millis(5)),
        };
        assert_eq!(counted, Some(expected));
        assert!(SeenGroup::of_in(root, 7, "def").is_none() && SeenGroup::of_in(root, 8, "abc").is_none());
        write(root, "proc/9/cgroup", "0::/system.slice/docker-abc.scope\n");
        let folder = "sys/fs/cgroup/system.slice/docker-abc.scope";
        write(root, &format!("{folder}/memory.events"), "low 0\noom 1\noom_kill 2\n");
        write(root, &format!("{folder}/memory.peak"), "4096\n");
        write(root, &format!("{folder}/memory.current"), "2048\n");
        write(root, &format!("{folder}/cpu.stat"), "usage_usec 5000\nuser_usec 1\n");
        let group = SeenGroup::of_in(root, 9, "abc").expect("a group");
        for (text, limit) in [("max\n", None), ("4096\n", Some(4096))] {
            write(root, &format!("{folder}/memory.max"), text);
            assert_eq!(group.memory_limit(), limit);
        }
        assert_eq!(group.counted(), Some(expected));
        fs::remove_dir_all(root.join(folder)).expect("it goes");
        assert_eq!(group.counted(), None);
    }
}
