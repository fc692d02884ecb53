//! Settings of a database that follows another one.

use std::time::Duration;

use super::bad::number;
use super::{BadSetting, Settings};

const SECONDS: &str = "CFN_FOLLOW_SECONDS";
const STALENESS: &str = "CFN_MAX_STALENESS";

/// What ends the value if an older state is to be refused.
const REFUSE: &str = ":refuse";

/// How old the state of a database that follows may be for serving agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxStaleness {
    /// The age.
    pub seconds: i64,
    /// Whether an older state is refused; else there is a warning.
    pub refuses: bool,
}

impl Settings {
    /// How often `sync --watch` asks a primary that told it nothing.
    pub fn follow_pause(&self) -> Result<Duration, BadSetting> {
        let expected = "a number of seconds from 1 to 3600";
        Ok(Duration::from_secs(number(&self.environment, SECONDS, 1, 1..=3600, expected)?))
    }

    /// How old the state of a database that follows may be; `None` for any age.
    pub fn max_staleness(&self) -> Result<Option<MaxStaleness>, BadSetting> {
        let Some(value) = self.environment.get(STALENESS) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        let (seconds, refuses) = text.strip_suffix(REFUSE).map_or((text, false), |it| (it, true));
        let seconds = seconds.parse().ok().filter(|it| (1..=1_000_000_000).contains(it));
        let expected = "a number of seconds from 1 to 1000000000, with ':refuse' behind it to refuse an older state";
        let seconds = seconds.ok_or_else(|| BadSetting::variable(STALENESS, value, expected))?;
        Ok(Some(MaxStaleness { seconds, refuses }))
    }

    /// The same as it is written.
    pub(super) fn max_staleness_shown(&self) -> Result<Option<String>, BadSetting> {
        let shown = |it: MaxStaleness| format!("{}{}", it.seconds, if it.refuses { REFUSE } else { "" });
        Ok(self.max_staleness()?.map(shown))
    }
}
