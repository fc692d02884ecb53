//! What was measured on.

use std::thread;

use rustix::system::uname;
use serde::{Deserialize, Serialize};

use crate::linux;

/// The properties of a machine that affect measurements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The operating system and the version of its kernel.
    pub system: String,
    /// For example `x86_64`.
    pub architecture: String,
    /// The processor's name, or empty.
    pub processor: String,
    /// Number of cores available to this process.
    pub cores: usize,
    /// Memory in KiB; 0 if unknown.
    pub memory_kib: u64,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let kernel = uname();
        let text = |it: &std::ffi::CStr| it.to_string_lossy().into_owned();
        Self {
            system: format!("{} {}", text(kernel.sysname()), text(kernel.release())),
            architecture: text(kernel.machine()),
            processor: linux::processor().unwrap_or_default(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_kib: linux::memory_kib().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn this_machine_has_a_core_and_a_name() {
        let machine = Machine::this();
        assert!(machine.cores > 0 && !machine.system.is_empty() && !machine.architecture.is_empty(), "{machine:?}");
    }
}
