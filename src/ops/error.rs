//! Errors of operations. The command line maps them to hints and exit codes.

mod made;
mod nearest;
mod no_such_file;
mod require;
mod said;

use crate::cache::ServerError;
use crate::model::{ApprovalLevel, ChangeType, Decision, Version, Visible};
use crate::skill_folder::MaterializeError;
use crate::store::StoreError;
use crate::workflow::WorkflowError;

use super::content_file::FileError;
use super::coordination::missing::TaskNotFound;
use super::copy::report::CopyError;
use super::export::ExportError;
use super::follow::FollowError;
use super::load::unserved::Unserved;
use super::yaml::DocumentError;
use said::{after_blank, by_whom, name_taken};

pub(super) use nearest::nearest;
pub use no_such_file::NoSuchFile;
pub use require::require_skill;
pub(in crate::ops) use require::require_skill_and;

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation failed. Nothing was changed, unless the store reports an unknown outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The workflow database failed.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// The cache server failed, in an operation about it.
    #[error(transparent)]
    Cache(#[from] ServerError),
    /// Redis has nothing about a task.
    #[error(transparent)]
    Task(#[from] TaskNotFound),
    /// The triggers that change the write tokens are missing, so answers cannot be cached.
    #[error("triggers that change the write tokens are missing, so answers cannot be cached")]
    NoTokens,
    /// The file was refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// An export failed.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A copy was not made.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A database does not follow another one.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// Skills cannot be materialized where others can change them.
    #[error(transparent)]
    Materialize(#[from] MaterializeError),
    /// There is no such skill.
    #[error("there is no skill named \"{name}\"")]
    SkillNotFound {
        /// The requested name.
        name: String,
        /// Similar names that exist.
        near: Vec<String>,
    },
    /// A skill has no such version.
    #[error("skill \"{name}\" has no version {version}")]
    VersionNotFound {
        /// The skill.
        name: String,
        /// The requested version.
        version: Version,
        /// Its versions, newest first.
        known: Vec<String>,
    },
    /// There is no such file.
    #[error(transparent)]
    NoFile(#[from] NoSuchFile),
    /// The version is not higher than the current one.
    #[error("version {new} is not higher than the current version {} of \"{name}\"", Visible(current))]
    NotHigher {
        /// The skill.
        name: String,
        /// Its current version.
        current: String,
        /// The requested version.
        new: Version,
    },
    /// The step is of another type than stated.
    #[error("from {current} to {new} is a {actual} change, not a {stated} one")]
    OtherChangeType {
        /// Its current version.
        current: Version,
        /// The requested version.
        new: Version,
        /// The actual type.
        actual: ChangeType,
        /// The stated type.
        stated: ChangeType,
    },
    /// The version number belongs to other bytes.
    #[error("version {version} of \"{name}\" is recorded already, and a recorded version never changes its bytes")]
    VersionTaken {
        /// The skill.
        name: String,
        /// The number.
        version: Version,
    },
    /// The stored current version is invalid, so there is no next one.
    #[error("the current version of \"{name}\" is \"{}\", which is not X.Y.Z", Visible(current))]
    UnreadableVersion {
        /// The skill.
        name: String,
        /// The stored text.
        current: String,
    },
    /// The bytes are unchanged.
    #[error("\"{name}\" {version} has these bytes already")]
    Unchanged {
        /// The skill.
        name: String,
        /// Its current version.
        version: String,
    },
    /// The approval level would be lowered.
    #[error("\"{name}\" needs the review level {from}, and {cause} would lower it to {to}")]
    LowersLevel {
        /// The skill.
        name: String,
        /// The current level.
        from: ApprovalLevel,
        /// The lower level.
        to: ApprovalLevel,
        /// The cause.
        cause: String,
    },
    /// These bytes were rejected.
    #[error("these bytes of \"{name}\" were rejected")]
    Rejected {
        /// The skill.
        name: String,
    },
    /// These bytes are refused for every skill.
    #[error("these bytes of \"{name}\" were {event}{}", by_whom(who.as_deref(), when.as_deref(), why.as_deref()))]
    Revoked {
        /// The skill.
        name: String,
        /// What happened to them.
        event: String,
        /// Who did it.
        who: Option<String>,
        /// When, in UTC.
        when: Option<String>,
        /// The recorded reason.
        why: Option<String>,
    },
    /// Accepting rejected bytes needs a reason.
    #[error("bytes that were rejected come back only with a reason")]
    NoReason,
    /// Another skill has the name, or had it, perhaps in a different case.
    #[error("{}", name_taken(name, other, former_of.as_deref()))]
    NameTaken {
        /// The new name.
        name: String,
        /// The existing name.
        other: String,
        /// The skill, if that is one of its former names.
        former_of: Option<String>,
    },
    /// The skill has this name already.
    #[error("the skill is called \"{name}\" already")]
    NameUnchanged {
        /// The name.
        name: String,
    },
    /// The skill to add already exists, with other bytes.
    #[error("skill \"{name}\" already exists, with other bytes")]
    SkillExists {
        /// The skill.
        name: String,
    },
    /// A skill that no agent gets cannot be required.
    #[error("\"{name}\" cannot be required: {why}")]
    NotServed {
        /// The skill.
        name: String,
        /// The reason that agents do not get it.
        why: String,
    },
    /// Only a skill that is mapped to an agent type can be pinned for it.
    #[error("\"{name}\" is not mapped to agent type \"{agent_type}\"")]
    NotMapped {
        /// The skill.
        name: String,
        /// The agent type.
        agent_type: String,
    },
    /// A skill cannot replace itself.
    #[error("\"{name}\" cannot be its own replacement")]
    ReplacesItself {
        /// The skill.
        name: String,
    },
    /// The bytes are not approved.
    #[error("version {version} of \"{name}\" is not approved")]
    NotApproved {
        /// The skill.
        name: String,
        /// The version.
        version: String,
    },
    /// Bytes are missing, or are not the approved ones.
    #[error("\"{name}\"{}: {problem}", after_blank(version))]
    Integrity {
        /// The skill.
        name: String,
        /// The version.
        version: String,
        /// The problem.
        problem: String,
    },
    /// A required skill is not served.
    #[error("\"{name}\"{}: {why}", after_blank(version))]
    Required {
        /// The skill.
        name: String,
        /// The version.
        version: String,
        /// The reason.
        why: Unserved,
    },
    /// A hash prefix that matches several versions.
    #[error("several versions of \"{name}\" have a hash that begins with {hash}")]
    AmbiguousHash {
        /// The skill.
        name: String,
        /// The given prefix.
        hash: String,
    },
    /// There is no such edge case.
    #[error("there is no edge case {name}")]
    EdgeCaseNotFound {
        /// The given id or hash prefix.
        name: String,
    },
    /// A hash prefix that matches several kinds of edge cases.
    #[error("several kinds of edge cases have a hash that begins with {hash}")]
    AmbiguousEdgeCase {
        /// The given prefix.
        hash: String,
    },
    /// An update resolves an edge case of another skill.
    #[error("edge case {id} is not one of \"{name}\", but of \"{other}\"")]
    EdgeCaseElsewhere {
        /// The edge case.
        id: i64,
        /// The updated skill.
        name: String,
        /// The skill of the edge case.
        other: String,
    },
    /// An assessment is recorded with a decision only.
    #[error("nobody has decided about the current bytes of \"{name}\"")]
    NotDecided {
        /// The skill.
        name: String,
    },
    /// Somebody else decided between review and decision.
    #[error("\"{name}\" was {decision} meanwhile")]
    DecidedMeanwhile {
        /// The skill.
        name: String,
        /// The other decision.
        decision: Decision,
    },
    /// A document was not imported or written.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The bytes changed between review and decision.
    #[error("\"{name}\" is not what was reviewed: its current bytes are {actual}")]
    ChangedSinceReview {
        /// The skill.
        name: String,
        /// The hash of its current bytes.
        actual: String,
    },
}
