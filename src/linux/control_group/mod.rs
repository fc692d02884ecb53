//! Control groups: the limit that this process has, and groups with limits of their own for what it starts.
//!
//! A port: `setrlimit` limits each process for itself, and nothing ends a tree of them; jails and job objects are the nearest.

mod limits;
mod made;
mod memory;
mod processes;
mod seen;
mod version1;
mod version2;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use limits::Limits;
use made::Made;
pub use memory::memory_limit;
pub use processes::send_signal;
pub use seen::{Counted, SeenGroup};

/// Maximum time for a group to become empty.
const EMPTYING: Duration = Duration::from_secs(5);

/// Interval for looking whether it is.
const LOOKS: Duration = Duration::from_millis(2);

/// A group that this process made. It must be ended; dropping it leaves it.
#[derive(Debug)]
pub struct ControlGroup {
    version: Version,
    made: Made,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl ControlGroup {
    /// Makes a group with this name, beside that of this process or below it. `None` where this user may make none.
    #[must_use]
    pub fn make(name: &str, limits: &Limits) -> Option<Self> {
        Self::make_in(Path::new("/"), name, limits)
    }

    /// The same with another root of the file system.
    fn make_in(root: &Path, name: &str, limits: &Limits) -> Option<Self> {
        let own = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
        let of = |version| move |made| Self { version, made };
        let second = version2::make(root, &own, name, limits).map(of(Version::Two));
        second.or_else(|| version1::make(root, &own, name, limits).map(of(Version::One)))
    }

    /// A group of this name that another process made and did not end. `near` are the groups of that process, as
    /// `/proc/self/cgroup` has them. `None` if there is none.
    #[must_use]
    pub fn left(name: &str, near: &str) -> Option<Self> {
        let root = Path::new("/");
        let of = |version, folders: Vec<PathBuf>| {
            let made = Made { folders, unlimited: Vec::new() };
            (!made.folders.is_empty()).then_some(Self { version, made })
        };
        let second = of(Version::Two, version2::left(root, near, name));
        second.or_else(|| of(Version::One, version1::left(root, near, name)))
    }

    /// What it is, for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.version {
            Version::One => "control groups (version 1)",
            Version::Two => "control groups (version 2)",
        }
    }

    /// The limits that were wanted and could not be set.
    #[must_use]
    pub fn unlimited(&self) -> &[&'static str] {
        &self.made.unlimited
    }

    /// The files by which a process with one thread joins it: it writes `0` to each.
    ///
    /// In version 1, the kernel lets all processes stand still to move a whole process, which takes 10 ms. To move the
    /// thread that asks for it, it does not. What that thread starts, or becomes, is where it is.
    pub fn doors(&self) -> impl Iterator<Item = PathBuf> {
        let file = match self.version {
            Version::One => "tasks",
            Version::Two => "cgroup.procs",
        };
        self.made.folders.iter().map(move |it| it.join(file))
    }

    /// Number of processes that the kernel ended because the group had too much memory.
    #[must_use]
    pub fn memory_kills(&self) -> u64 {
        let file = match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        };
        let text = self.read(file).unwrap_or_default();
        let count = text.lines().find_map(|it| it.strip_prefix("oom_kill "));
        count.and_then(|it| it.trim().parse().ok()).unwrap_or(0)
    }

    /// The most memory that it ever had, in bytes. `None` where the kernel does not say it.
    #[must_use]
    pub fn peak_bytes(&self) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.max_usage_in_bytes",
            Version::Two => "memory.peak",
        };
        self.read(file)?.trim().parse().ok()
    }

    /// The memory that it has now, in bytes. `None` where the kernel does not say it.
    #[must_use]
    pub fn memory_bytes(&self) -> Option<u64> {
        let file = match self.version {
            Version::One => "memory.usage_in_bytes",
            Version::Two => "memory.current",
        };
        self.read(file)?.trim().parse().ok()
    }

    /// Number of its processes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.processes().len()
    }

    /// Sends a signal to each of its processes.
    pub fn signal(&self, signal: rustix::process::Signal) {
        for process in self.processes() {
            send_signal(process, signal);
        }
    }

    /// Ends its processes, and removes it.
    pub fn end(self) -> io::Result<()> {
        let until = Instant::now() + EMPTYING;
        while !self.processes().is_empty() {
            let folder = &self.made.folders[0];
            match self.version {
                Version::One => version1::kill(folder, || self.processes()),
                Version::Two => version2::kill(folder, || self.processes()),
            }
            if Instant::now() > until {
                return Err(io::Error::other(format!("processes of {} do not end", self.made.folders[0].display())));
            }
            std::thread::sleep(LOOKS);
        }
        self.made.folders.iter().try_for_each(|it| remove(it, until))
    }

    /// Its processes, and those of groups that they made in it.
    fn processes(&self) -> Vec<i32> {
        let mut found = Vec::new();
        if let Some(folder) = self.made.folders.first() {
            collect(folder, &mut found);
        }
        found
    }

    /// The text of a file, in the hierarchy that has it.
    fn read(&self, file: &str) -> Option<String> {
        self.made.folders.iter().find_map(|it| fs::read_to_string(it.join(file)).ok())
    }
}

fn collect(folder: &Path, found: &mut Vec<i32>) {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    found.extend(text.lines().filter_map(|it| it.parse::<i32>().ok()).filter(|it| *it > 0));
    each_below(folder, |it| collect(it, found));
}

/// The groups in a group.
fn each_below(folder: &Path, mut each: impl FnMut(&Path)) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|it| it.file_type().is_ok_and(|kind| kind.is_dir())) {
        each(&entry.path());
    }
}

/// Removes an empty group. The kernel may still be busy with its last process.
fn remove(folder: &Path, until: Instant) -> io::Result<()> {
    let mut below = Vec::new();
    each_below(folder, |it| below.push(it.to_owned()));
    below.iter().try_for_each(|it| remove(it, until))?;
    loop {
        match fs::remove_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < until => {
                std::thread::sleep(LOOKS);
            }
            removed => return removed,
        }
    }
}

#[cfg(test)]
mod tests;
