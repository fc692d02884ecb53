//! How long a run may take: no run is without a deadline.

use std::time::Duration;

/// How hard a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Complexity {
    /// 150 s.
    Low,
    /// 300 s.
    Medium,
    /// 600 s.
    High,
    /// By how long the last successful runs of the agent type took.
    Auto,
}

/// How many successful runs decide, and how few do not.
pub const RUNS: usize = 100;
const FEWEST_RUNS: usize = 20;

/// The bounds of what earlier runs decide, in seconds.
const SHORTEST: u64 = 150;
const LONGEST: u64 = 7200;

impl Complexity {
    /// The time for a task. `successes` are the durations of the last successful runs, in milliseconds, for [`Self::Auto`]:
    /// twice what 95 of 100 stay below.
    #[must_use]
    pub fn timeout(self, successes: &[i64]) -> Duration {
        let seconds = match self {
            Self::Low => 150,
            Self::High => 600,
            Self::Auto if successes.len() >= FEWEST_RUNS => {
                let mut sorted = successes.to_vec();
                sorted.sort_unstable();
                let slow = sorted[(sorted.len() * 95).div_ceil(100) - 1];
                (slow.unsigned_abs() * 2).div_ceil(1000).clamp(SHORTEST, LONGEST)
            }
            Self::Medium | Self::Auto => 300,
        };
        Duration::from_secs(seconds)
    }
}

/// The time for a mode and a phase, as the scripts before cfn had it; `None` for another mode.
#[must_use]
pub fn of_mode(mode: &str, phase: Option<&str>) -> Option<Duration> {
    let seconds = match mode {
        "mvp" => 1800,
        "standard" => 3600,
        "enterprise" => 7200,
        _ => return None,
    };
    let halves = match phase {
        Some("phase-2") => 3,
        Some("phase-3") => 4,
        _ => 2,
    };
    Some(Duration::from_secs(seconds * halves / 2))
}

#[cfg(test)]
mod tests {
    use super::{Complexity, of_mode};
    use std::time::Duration;

    #[test]
    fn earlier_runs_decide_where_there_are_enough() {
        let seconds = |runs: &[i64]| Complexity::Auto.timeout(runs).as_secs();
        assert_eq!(seconds(&[400_000; 19]), 300);
        assert_eq!(seconds(&[400_000; 20]), 800);
        assert_eq!((seconds(&[1; 20]), seconds(&[9_000_000; 20])), (150, 7200));
        let mut runs = vec![200_000; 95];
        runs.extend([900_000; 5]);
        assert_eq!(seconds(&runs), 400, "95 of 100 stay below 200 s");
    }

    #[test]
    fn a_mode_and_a_phase_have_their_time() {
        let seconds = |mode, phase| of_mode(mode, phase).as_ref().map(Duration::as_secs);
        assert_eq!(seconds("mvp", None), Some(1800));
        assert_eq!(seconds("standard", Some("phase-2")), Some(5400));
        assert_eq!(seconds("enterprise", Some("phase-3")), Some(14400));
        assert_eq!((seconds("enterprise", Some("phase-4")), seconds("api", None)), (Some(7200), None));
    }
}
