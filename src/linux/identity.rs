//! Which process, of which boot of which machine, is meant: a number alone is given again.
//!
//! A port: `kern.hostuuid`, `kern.boottime` and the start time of `kinfo_proc`; there are no namespaces of processes there.

use std::fs;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// A process that no other process is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Its number.
    pub process: u32,
    /// When it started, in ticks since the boot.
    pub started: u64,
    /// The machine; empty where it has no id.
    pub machine: String,
    /// The boot of the machine.
    pub boot: String,
    /// The namespace of its number.
    pub namespace: String,
}

impl ProcessIdentity {
    /// Of this process.
    #[must_use]
    pub fn own() -> Self {
        let process = std::process::id();
        Self::started_at(process, started(process).unwrap_or(0))
    }

    /// Of a process that runs on this machine.
    #[must_use]
    pub fn of(process: u32) -> Option<Self> {
        started(process).map(|it| Self::started_at(process, it))
    }

    fn started_at(process: u32, started: u64) -> Self {
        let line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let namespace = fs::read_link("/proc/self/ns/pid").map(|it| it.to_string_lossy().into_owned());
        Self {
            process,
            started,
            machine: line("/etc/machine-id"),
            boot: line("/proc/sys/kernel/random/boot_id"),
            namespace: namespace.unwrap_or_default(),
        }
    }

    /// Whether this process may have to do with that one: it is of the same boot of the same machine, and its numbers mean
    /// the same.
    #[must_use]
    pub fn is_near(&self, other: &Self) -> bool {
        self.is_same_machine(other) && self.boot == other.boot && self.namespace == other.namespace
    }

    /// Whether it is of the same machine.
    #[must_use]
    pub fn is_same_machine(&self, other: &Self) -> bool {
        self.machine == other.machine
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        Self::own().is_near(self) && started(self.process) == Some(self.started)
    }

    /// Sends it a signal; returns whether it was there. The kernel holds the process by a descriptor while its start time
    /// is compared.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> bool {
        let Some(process) = i32::try_from(self.process).ok().and_then(Pid::from_raw) else { return false };
        let Ok(held) = pidfd_open(process, PidfdFlags::empty()) else { return false };
        Self::own().is_near(self)
            && started(self.process) == Some(self.started)
            && pidfd_send_signal(held, signal).is_ok()
    }
}

/// Field 22 of `/proc/PID/stat`; what comes before may hold blanks.
fn started(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    text.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// The control groups of this process, as the kernel says them.
#[must_use]
pub fn own_groups() -> String {
    fs::read_to_string("/proc/self/cgroup").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::ProcessIdentity;
    use rustix::process::Signal;

    #[test]
    fn another_process_with_the_same_number_gets_no_signal() {
        let own = ProcessIdentity::own();
        assert!(own.started > 0 && !own.boot.is_empty() && own.is_near(&ProcessIdentity::own()), "{own:?}");
        for other in [
            ProcessIdentity { started: own.started + 1, ..own.clone() },
            ProcessIdentity { boot: "another".to_owned(), ..own.clone() },
            ProcessIdentity { namespace: "another".to_owned(), ..own.clone() },
            ProcessIdentity { machine: "another".to_owned(), ..own.clone() },
        ] {
            assert!(!other.signal(Signal::KILL), "{other:?}");
        }
        assert!(own.signal(Signal::WINCH), "this process ignores it");
    }
}
