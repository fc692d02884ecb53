//! The nouns: types whose values are always valid, parsed where they enter. Imports nothing else of this crate.

mod agent_id;
mod agent_run;
mod approval;
mod argument;
mod category;
mod conditions;
mod delivery;
mod durations;
mod edge_case;
mod exit;
mod folder;
mod folder_limits;
mod folder_path;
mod hash;
pub mod json;
mod lifecycle;
mod listed;
mod location;
mod moment;
mod name;
mod origin;
mod paths;
mod price;
mod records;
mod remark;
mod revision;
mod size;
mod stored;
mod usage;
mod version;
mod visible;

pub use agent_id::{AgentId, InvalidAgentId, InvalidTaskId, TaskId};
pub use agent_run::{AgentRun, RunReason};
pub use approval::{ApprovalLevel, Decision, Review, Status};
pub use argument::{Argument, OptionWith};
pub use category::Category;
pub use conditions::{Conditions, ContextMatch, TddCondition, TddFigures, UnreadableCondition};
pub use delivery::{Changed, Delivery, Event, Execution, Failures};
pub use durations::Durations;
pub use edge_case::{EdgeCase, EdgeCaseName, EdgeCaseTexts, InvalidEdgeCaseName, Severity, edge_case_kind};
pub use exit::Exit;
pub use folder::{FileMode, FolderFault, FolderFile, SkillFolder, StoredFile};
pub use folder_limits::FolderLimits;
pub use folder_path::{FolderPath, InvalidPath, SKILL_FILE};
pub use hash::{ContentHash, HashPrefix};
pub use lifecycle::{EventKind, SkillEvent};
pub use listed::ListedSkill;
pub use location::Location;
pub use moment::{Moment, StoredTime, utc_time};
pub use name::{AgentType, InvalidName, SkillName, folded, is_conformant_name};
pub use origin::{InvalidOrigin, Origin};
pub use paths::{maybe_path_as_text, path_as_text, paths_as_text};
pub use price::{InvalidPrice, TokenPrice};
pub use records::{
    Approval, ApprovedVersion, Bootstrap, Candidate, Mapping, Skill, SkillId, VersionBytes, VersionRecord,
    VersionSource,
};
pub use remark::Remark;
pub use revision::{CacheKey, Revision, Tables};
pub use size::{size_of, size_text};
pub use stored::{StoredJson, StoredTags};
pub use usage::{
    DecisionTime, LONGEST_USAGE_TEXT, OpenUse, OriginUses, OutOfRange, Outcome, Usage, UsageCell, UsageRow, UsedSkill,
    Waiting,
};
pub use version::{ChangeType, DeclaredVersion, InvalidVersion, Version};
pub use visible::{HiddenCharacter, Visible, VisibleText, hidden_characters, is_visible};

/// A value that is not one of a field's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be one of {expected}, not \"{}\"", Visible(.got))]
pub struct UnknownWord {
    /// The field's name for users.
    pub what: &'static str,
    /// The allowed words.
    pub expected: &'static str,
    /// The value.
    pub got: String,
}
