//! How much of the machine the agents of a project may have.

use super::bad::number;
use super::{BadSetting, Settings};
use crate::model::size_of;

/// Maximum number of runs that one command has at once.
const MOST_AT_ONCE: u64 = 10_000;

/// The variables with the memory of an agent of a tier, as the fleet's scripts name them, and its default in MiB.
const TIERS: [(&str, u64); 4] =
    [("CFN_TIER_1_MEMORY", 512), ("CFN_TIER_2_MEMORY", 600), ("CFN_TIER_3_MEMORY", 800), ("CFN_TIER_4_MEMORY", 1024)];

impl Settings {
    /// Maximum number of runs that one command has at once; `None` if nobody says it.
    pub fn parallel_agents(&self) -> Result<Option<usize>, BadSetting> {
        let most = "a number from 1 to 10000";
        let given = number(&self.environment, "CFN_MAX_PARALLEL_AGENTS", 0, 1..=MOST_AT_ONCE, most)?;
        Ok(usize::try_from(given).ok().filter(|it| *it > 0))
    }

    /// The memory that all runs of a project may have together, in bytes; `None` if nobody says it.
    pub fn memory_budget(&self) -> Result<Option<u64>, BadSetting> {
        self.size("CFN_MEMORY_BUDGET")
    }

    /// The memory of an agent of a tier of a wave plan, in bytes; `None` for a tier that there is not.
    pub fn tier_memory(&self, tier: u8) -> Result<Option<u64>, BadSetting> {
        let Some((name, mebibytes)) = usize::from(tier).checked_sub(1).and_then(|it| TIERS.get(it)) else {
            return Ok(None);
        };
        Ok(Some(self.size(name)?.unwrap_or(mebibytes << 20)))
    }

    fn size(&self, name: &'static str) -> Result<Option<u64>, BadSetting> {
        let Some(value) = self.environment.get(name) else { return Ok(None) };
        let parsed = value.to_str().and_then(size_of);
        parsed.map(Some).ok_or_else(|| BadSetting::variable(name, value, "a size such as 512m or 40g"))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use crate::settings::{Flags, Settings};

    #[test]
    fn sizes_have_units_and_tiers_have_defaults() {
        let with = |name: &'static str, value: &'static str| {
            let look_up = move |it: &str| (it == name).then(|| OsString::from(value));
            Settings::resolve(&Flags::default(), &look_up, Path::new("/here"))
        };
        let none = with("X", "");
        assert_eq!((none.memory_budget().ok(), none.parallel_agents().ok()), (Some(None), Some(None)));
        assert_eq!(
            [1, 2, 3, 4].map(|it| none.tier_memory(it).ok().flatten().map(|it| it >> 20)),
            [Some(512), Some(600), Some(800), Some(1024)]
        );
        assert_eq!([0, 5].map(|it| none.tier_memory(it).ok().flatten()), [None, None]);
        assert_eq!(with("CFN_MEMORY_BUDGET", "40g").memory_budget().ok().flatten(), Some(40 << 30));
        assert_eq!(with("CFN_TIER_2_MEMORY", "64m").tier_memory(2).ok().flatten(), Some(64 << 20));
        assert_eq!(with("CFN_MAX_PARALLEL_AGENTS", "16").parallel_agents().ok().flatten(), Some(16));
        for wrong in ["0", "x", "-1"] {
            assert!(with("CFN_MEMORY_BUDGET", wrong).memory_budget().is_err(), "{wrong}");
            assert!(with("CFN_MAX_PARALLEL_AGENTS", wrong).parallel_agents().is_err(), "{wrong}");
        }
    }
}
