//! Keys of other programs in Redis whose time to live may be set.

use std::str::FromStr;

use super::{BadSetting, Settings};

/// Keys of other programs whose time to live `cfn cache audit --fix` may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringKeys {
    /// What their names begin with, with a `*` at the end; a `*` within is anything but a colon.
    pub pattern: String,
    /// The maximum time to live in seconds; `None` for the one that their owner sets.
    pub seconds: Option<u64>,
}

/// `PREFIX` or `PREFIX=SECONDS`.
impl FromStr for ExpiringKeys {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "beginnings of key names, each with =SECONDS if its owner sets no time";
        let (prefix, seconds) = match text.trim().split_once('=') {
            Some((prefix, seconds)) => (prefix, Some(seconds.parse().map_err(|_| EXPECTED)?)),
            None => (text.trim(), None),
        };
        let is_known = !prefix.trim_end_matches('*').is_empty() && seconds.is_none_or(|it| it > 0);
        let pattern = format!("{}*", prefix.trim_end_matches('*'));
        if is_known { Ok(Self { pattern, seconds }) } else { Err(EXPECTED) }
    }
}

impl Settings {
    /// Keys of other programs whose time to live may be set.
    pub fn expiring_keys(&self) -> Result<Vec<ExpiringKeys>, BadSetting> {
        let Some((texts, origin)) = self.files.texts("expire_keys") else { return Ok(Vec::new()) };
        let value = texts.join(",");
        let read = texts.iter().map(|it| it.parse()).collect::<Result<_, _>>();
        read.map_err(|expected: &str| BadSetting { origin, value, expected: expected.into() })
    }
}
