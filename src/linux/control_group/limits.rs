//! What a tree of processes may have.

use serde::{Deserialize, Serialize};

/// Limits for all processes of a tree together. `None`: no limit of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory in bytes; swap is not given beyond it.
    pub memory_bytes: Option<u64>,
    /// Time of processors: 1.5 is one and a half of them.
    pub cpus: Option<f64>,
    /// The processors that may be used, such as `0,2-3`.
    pub cpu_set: Option<String>,
    /// Number of processes and threads.
    pub processes: Option<u32>,
}

/// Microseconds in which a group may use its share of the processors.
const PERIOD_US: u32 = 100_000;

impl Limits {
    /// These, and where there is none, those.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.or(other.memory_bytes),
            cpus: self.cpus.or(other.cpus),
            cpu_set: self.cpu_set.or(other.cpu_set),
            processes: self.processes.or(other.processes),
        }
    }

    /// The share of the processors as quota and period, in microseconds.
    pub(super) fn quota(&self) -> Option<(u64, u32)> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float is cast to its nearest")]
        self.cpus.map(|it| ((it * f64::from(PERIOD_US)).round().max(1000.0) as u64, PERIOD_US))
    }
}
