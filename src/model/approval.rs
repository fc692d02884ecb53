//! Levels of review, decisions about bytes, and the status of a skill.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnknownWord;

/// How strictly a skill is reviewed. The order is the strictness: `Auto < Escalate < Human`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalLevel {
    /// Approved unless rejected.
    Auto,
    /// Needs the approval of an expert.
    Escalate,
    /// Needs the approval of a person.
    Human,
}

impl ApprovalLevel {
    /// The service level for a decision, in hours; `None` for `auto`.
    #[must_use]
    pub fn service_hours(self) -> Option<f64> {
        match self {
            Self::Auto => None,
            Self::Escalate => Some(48.0),
            Self::Human => Some(7.0 * 24.0),
        }
    }
}

/// The decision about a version's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Agents may get these bytes.
    Approved,
    /// Agents must not get them.
    Rejected,
    /// Passed on to another reviewer.
    Escalated,
    /// Sent back to the author.
    NeedsCorrection,
}

impl Decision {
    /// Whether accepting these bytes again needs an override with a reason.
    #[must_use]
    pub fn refuses(self) -> bool {
        self == Self::Rejected
    }
}

/// The review state of a skill's current version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Review {
    /// Agents may get these bytes.
    Approved,
    /// They were rejected.
    Rejected,
    /// They wait for a decision.
    Pending,
    /// Not approved and not waiting: the skill is not active, or needs no review.
    #[default]
    None,
}

/// The lifecycle state of a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In use.
    Active,
    /// Kept, but no longer served.
    Deprecated,
    /// Kept for the record.
    Archived,
}

macro_rules! words {
    ($type:ident, $what:literal, $expected:literal, $($variant:ident => $word:literal),+ $(,)?) => {
        impl $type {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the database and on the command line.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { what: $what, expected: $expected, got: text.to_owned() }),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(ApprovalLevel, "an approval level", "auto, escalate, human",
    Auto => "auto", Escalate => "escalate", Human => "human");
words!(Decision, "a decision", "approved, rejected, escalated, needs_correction",
    Approved => "approved", Rejected => "rejected", Escalated => "escalated", NeedsCorrection => "needs_correction");
words!(Review, "a review", "approved, rejected, pending, none",
    Approved => "approved", Rejected => "rejected", Pending => "pending", None => "none");
words!(Status, "a status", "active, deprecated, archived",
    Active => "active", Deprecated => "deprecated", Archived => "archived");
