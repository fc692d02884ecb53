//! Categories of skills. The category sets the approval level.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::{ApprovalLevel, UnknownWord};

/// The five categories of the skills database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// How agents cooperate.
    Coordination,
    /// How to test.
    Testing,
    /// Machines, networks, deployment.
    Infrastructure,
    /// Business knowledge; the default for a new skill.
    Domain,
    /// The basis of all other skills.
    Foundation,
}

impl Category {
    /// All five, in the order of the help texts.
    pub const ALL: [Self; 5] =
        [Self::Coordination, Self::Testing, Self::Infrastructure, Self::Domain, Self::Foundation];

    /// The word in the database and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coordination => "coordination",
            Self::Testing => "testing",
            Self::Infrastructure => "infrastructure",
            Self::Domain => "domain",
            Self::Foundation => "foundation",
        }
    }

    /// The approval level that this category requires.
    #[must_use]
    pub fn approval_level(self) -> ApprovalLevel {
        match self {
            Self::Coordination | Self::Testing | Self::Foundation => ApprovalLevel::Auto,
            Self::Infrastructure => ApprovalLevel::Escalate,
            Self::Domain => ApprovalLevel::Human,
        }
    }
}

impl FromStr for Category {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|category| category.as_str() == text).ok_or_else(|| UnknownWord {
            what: "a category",
            expected: "coordination, testing, infrastructure, domain, foundation",
            got: text.to_owned(),
        })
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
