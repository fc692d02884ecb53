//! Events in the life of a skill that are not decisions.

use serde::{Deserialize, Serialize};

use super::{Status, StoredJson, StoredTime};

/// What happened to a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A mapping was removed.
    Unassigned,
    /// It got another name.
    Renamed,
    /// Agents no longer get it.
    Deprecated,
    /// It is kept only for the record.
    Archived,
    /// It became active again.
    Restored,
    /// Its fields changed.
    Edited,
    /// A version was pinned.
    Pinned,
    /// A pin was removed.
    Unpinned,
    /// It was deleted.
    Deleted,
    /// Its bytes were rejected, and the skill with that decision is gone.
    Rejected,
    /// Its bytes were revoked.
    Revoked,
    /// Its bytes were erased.
    Purged,
    /// Bytes that were refused for every skill were accepted for this one.
    Accepted,
    /// It came from a document whose approvals were trusted.
    Imported,
}

impl EventKind {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unassigned => "unassigned",
            Self::Renamed => "renamed",
            Self::Deprecated => "deprecated",
            Self::Archived => "archived",
            Self::Restored => "restored",
            Self::Edited => "edited",
            Self::Pinned => "pinned",
            Self::Unpinned => "unpinned",
            Self::Deleted => "deleted",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Purged => "purged",
            Self::Accepted => "accepted",
            Self::Imported => "imported",
        }
    }
}

impl From<Status> for EventKind {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Restored,
            Status::Deprecated => Self::Deprecated,
            Status::Archived => Self::Archived,
        }
    }
}

/// A row of `cfn_events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillEvent {
    /// The key; a higher one happened later.
    pub id: i64,
    /// The name of the skill at the time.
    pub skill: String,
    /// One of the words of [`EventKind`], unless a newer cfn wrote it.
    pub event: String,
    /// The version, where one is concerned.
    pub version: Option<String>,
    /// The hash of the bytes, where the event tells whether they are refused.
    pub content_hash: Option<String>,
    /// What else there is to know.
    pub detail: Option<StoredJson>,
    /// Who did it.
    pub actor: Option<String>,
    /// The given reason.
    pub reason: Option<String>,
    /// In UTC.
    pub created_at: Option<StoredTime>,
}

impl SkillEvent {
    /// Whether it is this kind of event.
    #[must_use]
    pub fn is(&self, kind: EventKind) -> bool {
        self.event == kind.as_str()
    }
}
