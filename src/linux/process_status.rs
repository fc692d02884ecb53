//! What the kernel says about a running process, in `/proc/PID/status`.
//!
//! A port: memory by `proc_pid_rusage` on macOS and `kinfo_proc` on the BSDs; ignored signals by `sigaction`, which needs no file but
//! is a call that safe Rust does not have. Where nothing says it, figures are 0 and no signal is ignored.

use std::fs;
use std::io;
use std::path::PathBuf;

/// This very program, also if its file was replaced meanwhile.
pub const OWN_PROGRAM: &str = "/proc/self/exe";

/// The file of this very program; fails if it was removed or replaced.
pub fn own_program() -> io::Result<PathBuf> {
    let path = fs::read_link(OWN_PROGRAM)?;
    path.metadata().map(|_| path)
}

/// The lines of a process's status; empty where there is none.
#[derive(Debug)]
pub struct ProcessStatus(String);

impl ProcessStatus {
    /// Of the process of this id, as it is now.
    #[must_use]
    pub fn of(id: u32) -> Self {
        Self(fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default())
    }

    /// Of this process, as it is now.
    #[must_use]
    pub fn own() -> Self {
        Self(fs::read_to_string("/proc/self/status").unwrap_or_default())
    }

    /// The most that it ever had in memory, in KiB.
    #[must_use]
    pub fn peak_kib(&self) -> u64 {
        self.kib("VmHWM:")
    }

    /// What it has in memory, in KiB.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        self.kib("VmRSS:")
    }

    /// Its parent; 0 where nothing says it.
    #[must_use]
    pub fn parent(&self) -> u32 {
        self.field("PPid:").and_then(|it| it.parse().ok()).unwrap_or(0)
    }

    /// The processors that it may use, such as `0,2-3`.
    #[must_use]
    pub fn processors(&self) -> &str {
        self.field("Cpus_allowed_list:").unwrap_or_default()
    }

    /// Whether it ignores a signal.
    #[must_use]
    pub fn ignores(&self, signal: i32) -> bool {
        let mask = self.field("SigIgn:").and_then(|it| u64::from_str_radix(it, 16).ok()).unwrap_or(0);
        mask >> (signal - 1) & 1 == 1
    }

    fn kib(&self, name: &str) -> u64 {
        self.field(name).and_then(|it| it.trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|it| it.strip_prefix(name)).map(str::trim)
    }
}

#[cfg(test)]
mod tests {
    use super::ProcessStatus;

    #[test]
    fn memory_is_in_kib_and_0_where_nothing_says_it() {
        let status = ProcessStatus("Name:\tx\nVmHWM:\t   5120 kB\nVmRSS:\t 1 kB\n".to_owned());
        assert_eq!((status.peak_kib(), status.resident_kib()), (5120, 1));
        let none = ProcessStatus(String::new());
        assert_eq!((none.peak_kib(), none.resident_kib()), (0, 0));
        assert!(ProcessStatus::own().peak_kib() >= ProcessStatus::own().resident_kib());
    }

    #[test]
    fn the_mask_names_signals_by_their_number() {
        let (hangup, interrupt, terminate) = (1, 2, 15);
        let ignored = |status: &str| {
            let status = ProcessStatus(status.to_owned());
            [hangup, interrupt, terminate].map(|it| status.ignores(it))
        };
        assert_eq!(ignored("SigBlk:\t0\nSigIgn:\t0000000000000003\nSigCgt:\tffff\n"), [true, true, false]);
        assert_eq!(ignored("SigIgn:\t0000000000004000\n"), [false, false, true]);
        assert_eq!((ignored(""), ignored("SigIgn:\tx\n")), ([false; 3], [false; 3]));
    }
}
