//! The classes of questions, by which it is decided whether a cache pays and how long an answer is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::CacheSettings;

/// Classes of queries. Each has its own time to live, and its own measurement of whether the cache saves time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The skills of an agent type.
    Load,
    /// Lists of skills.
    List,
    /// One skill.
    Show,
    /// The versions and decisions of a skill.
    History,
    /// Reports.
    Analytics,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 5] = [Self::Load, Self::List, Self::Show, Self::History, Self::Analytics];

    /// The word in statistics and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::List => "list",
            Self::Show => "show",
            Self::History => "history",
            Self::Analytics => "analytics",
        }
    }

    /// The time to live of an answer, before jitter.
    #[must_use]
    pub fn ttl(self, settings: &CacheSettings) -> Duration {
        match self {
            Self::Load | Self::List | Self::Show | Self::History => settings.ttl_reads,
            Self::Analytics => settings.ttl_analytics,
        }
    }
}
