//! Why an operation did not happen. What to do about it, and the exit code, is said in one place above.

use crate::cache::ServerError;
use crate::model::{ApprovalLevel, ChangeType, SkillName, Version, Visible};
use crate::store::{NameKind, Snapshot, StoreError};
use crate::workflow::WorkflowError;

use super::content_file::FileError;

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not happen; nothing was changed, unless the database says that its outcome is unknown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The workflow database failed.
    #[error(transparent)]
    Workflow(#[from] WorkflowError),
    /// The cache server failed, in an operation that is about it.
    #[error(transparent)]
    Cache(#[from] ServerError),
    /// Nothing sees to it that a write is noticed, so no answer can be kept.
    #[error("not every trigger that changes the write tokens is there, so no answer can be kept")]
    NoTokens,
    /// The file could not be taken.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no such skill.
    #[error("there is no skill named \"{name}\"")]
    SkillNotFound {
        /// The name that was asked for.
        name: String,
        /// The nearest names that exist.
        near: Vec<String>,
    },
    /// A skill has no such version.
    #[error("skill \"{name}\" has no version {version}")]
    VersionNotFound {
        /// The skill.
        name: String,
        /// The version that was asked for.
        version: Version,
        /// Those that it has, newest first.
        known: Vec<String>,
    },
    /// The number is not after the current one.
    #[error("version {new} is not higher than the current version {} of \"{name}\"", Visible(current))]
    NotHigher {
        /// The skill.
        name: String,
        /// What it has.
        current: String,
        /// What was asked for.
        new: Version,
    },
    /// The step is of another type than was said.
    #[error("from {current} to {new} is a {actual} change, not a {stated} one")]
    OtherChangeType {
        /// What it has.
        current: Version,
        /// What was asked for.
        new: Version,
        /// What the step is.
        actual: ChangeType,
        /// What was said.
        stated: ChangeType,
    },
    /// The number is taken by other bytes.
    #[error("version {version} of \"{name}\" is recorded already, and a recorded version never changes its bytes")]
    VersionTaken {
        /// The skill.
        name: String,
        /// The number.
        version: Version,
    },
    /// What is stored as the current version is no version, so nothing can be counted up from it.
    #[error("the current version of \"{name}\" is \"{}\", which is not X.Y.Z", Visible(current))]
    UnreadableVersion {
        /// The skill.
        name: String,
        /// What is stored.
        current: String,
    },
    /// The bytes are those of the current version.
    #[error("\"{name}\" {version} has these bytes already")]
    Unchanged {
        /// The skill.
        name: String,
        /// Its current version.
        version: String,
    },
    /// The review would become less strict.
    #[error("\"{name}\" needs the review level {from}, and {cause} would lower it to {to}")]
    LowersLevel {
        /// The skill.
        name: String,
        /// What it needs.
        from: ApprovalLevel,
        /// What it would need.
        to: ApprovalLevel,
        /// What says so.
        cause: String,
    },
    /// Somebody rejected these bytes.
    #[error("these bytes of \"{name}\" were rejected")]
    Rejected {
        /// The skill.
        name: String,
    },
    /// Rejected bytes are to come back, and nobody says why.
    #[error("bytes that were rejected come back only with a reason")]
    NoReason,
    /// Another skill has this name but for upper and lower case.
    #[error("\"{name}\" differs in nothing but case from the skill \"{}\"", Visible(other))]
    NameTaken {
        /// The name of the new skill.
        name: String,
        /// The skill that there is.
        other: String,
    },
    /// The bytes are not approved.
    #[error("version {version} of \"{name}\" is not approved")]
    NotApproved {
        /// The skill.
        name: String,
        /// The version.
        version: String,
    },
    /// Bytes are missing or are not those that were approved.
    #[error("\"{name}\" {version}: {problem}")]
    Integrity {
        /// The skill.
        name: String,
        /// The version.
        version: String,
        /// What is wrong.
        problem: String,
    },
    /// The beginning of a hash that several versions have.
    #[error("several versions of \"{name}\" have a hash that begins with {hash}")]
    AmbiguousHash {
        /// The skill.
        name: String,
        /// What was given of the hash.
        hash: String,
    },
    /// The bytes changed between looking and deciding.
    #[error("\"{name}\" is not what was reviewed: its current bytes are {actual}")]
    ChangedSinceReview {
        /// The skill.
        name: String,
        /// The hash of its current bytes.
        actual: String,
    },
}

/// The skill of this name, or an error that knows the nearest ones.
pub fn require_skill(snapshot: &dyn Snapshot, name: &SkillName) -> Result<crate::model::Skill> {
    match snapshot.skill(name)? {
        Some(skill) => Ok(skill),
        None => Err(Error::SkillNotFound {
            name: name.to_string(),
            near: nearest(name.as_str(), snapshot.names(NameKind::Skill)?),
        }),
    }
}

/// The three names that are most like the one that was meant.
pub(super) fn nearest(meant: &str, names: Vec<String>) -> Vec<String> {
    let wanted = meant.to_lowercase();
    let mut scored: Vec<(f64, String)> = names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let contained = lower.contains(&wanted) || wanted.contains(&lower);
            (strsim::jaro_winkler(&wanted, &lower).max(if contained { 0.9 } else { 0.0 }), name)
        })
        .filter(|(score, _)| *score >= 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_the_likeliest_first() {
        let names = ["postgresql", "postgres-backup", "brainstorming"].map(str::to_owned).to_vec();
        assert_eq!(nearest("postgress", names.clone()).first().map(String::as_str), Some("postgresql"));
        assert_eq!(nearest("Storm", names.clone()), ["brainstorming"]);
        assert!(nearest("zzz", names).is_empty());
    }
}
