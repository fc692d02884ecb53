//! What to export, and where to.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AgentType, SkillId, UnknownWord};

/// A request to export skills.
#[derive(Debug, Clone)]
pub struct Export {
    /// The folder to export to.
    pub folder: PathBuf,
    /// Whose skills.
    pub selection: Selection,
    /// Where below the folder.
    pub layout: Layout,
    /// Whether to remove what is no longer mapped, too.
    pub prune: bool,
    /// Maximum wait for another export to the same folder.
    pub patience: Duration,
    /// Whether the record is on the disk before anything changes, so that what a power cut leaves is known to be cfn's. A
    /// folder that nobody exports to again needs no such wait.
    pub is_synced: bool,
}

/// Whose skills to export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All that are served.
    All,
    /// Those of agent types, whatever their conditions.
    Agents(Vec<AgentType>),
    /// What was loaded for an agent type: each skill with its name, in the version that it was loaded in.
    Loaded(AgentType, Vec<(SkillId, String, String)>),
}

/// Where skills lie below the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// `NAME`.
    Plain,
    /// `.agents/skills/NAME`.
    Agents,
    /// `.claude/skills/NAME`.
    Claude,
}

impl Layout {
    /// All, in display order.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Agents, Self::Claude];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Agents => "agents",
            Self::Claude => "claude",
        }
    }

    /// The folders on the way to the skills.
    pub(super) const fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &[],
            Self::Agents => &[".agents", "skills"],
            Self::Claude => &[".claude", "skills"],
        }
    }

    /// The path of an entry among the skills.
    pub(super) fn path_of(self, name: &str) -> String {
        let mut path = self.folders().join("/");
        if !path.is_empty() {
            path.push('/');
        }
        path + name
    }
}

impl FromStr for Layout {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let unknown = || UnknownWord { what: "the layout", expected: "plain, agents or claude", got: text.to_owned() };
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(unknown)
    }
}
