//! `skill approve`, `skill reject` and `skill escalate`: decisions about the bytes of versions.

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::approvable::Approvable;
use super::error::{Error, Result, require_skill, require_version};
use super::pending::waiting;
use super::publish::Numbering;
use super::rules::describe;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{
    ApprovalLevel, Category, ContentHash, Decision, HashPrefix, Remark, Skill, SkillName, Status, Version,
    VersionRecord, VersionSource,
};
use crate::store::{Durability, NewApproval, NewVersion, SkillChange, Store, Transaction, write_unless};

/// A decision to record.
#[derive(Debug, Clone)]
pub struct Review<'a> {
    /// The skill.
    pub name: &'a SkillName,
    /// The version; the current one by default.
    pub version: Option<Version>,
    /// The hash of the reviewed bytes; if the version has others, nothing is decided.
    pub expected: Option<HashPrefix>,
    /// The decision.
    pub decision: Decision,
    /// The approver.
    pub approver: &'a str,
    /// The reason for the decision.
    pub reason: &'a str,
    /// The expert who should decide; only for an escalation.
    pub escalated_to: Option<&'a str>,
    /// Changes of the skill.
    pub also: Also,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// Changes of a skill in the transaction of a decision.
#[derive(Debug, Clone, Copy, Default)]
pub struct Also {
    /// Accept bytes that were revoked; needs a reason.
    pub override_rejection: bool,
    /// The new status.
    pub status: Option<Status>,
    /// The least level that the skill needs from now on.
    pub least_level: Option<ApprovalLevel>,
}

/// The skills of a decision.
#[derive(Debug, Clone)]
pub enum Reviewed<'a> {
    /// The named ones: all, or none.
    Named(&'a [SkillName]),
    /// All that wait for review. One that cannot be approved does not stop the others.
    Pending {
        /// Only skills of this category.
        category: Option<Category>,
        /// Only skills of this level.
        level: Option<ApprovalLevel>,
    },
}

/// One decision about the current bytes of many skills.
#[derive(Debug, Clone)]
pub struct ReviewMany<'a> {
    /// The skills.
    pub which: Reviewed<'a>,
    /// The decision.
    pub decision: Decision,
    /// The approver.
    pub approver: &'a str,
    /// The reason for the decision.
    pub reason: &'a str,
    /// The expert who should decide; only for an escalation.
    pub escalated_to: Option<&'a str>,
    /// Changes of each skill.
    pub also: Also,
    /// A dry run: do everything except the commit.
    pub dry_run: bool,
}

/// Decisions about several skills.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewManyReport {
    /// The decisions, in the order of the names or of waiting.
    pub decisions: Vec<ReviewReport>,
    /// The skills that could not be approved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Remark<String>>,
    /// Whether this was a dry run.
    pub dry_run: bool,
}

impl Serialize for Remark<String> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 2)?;
        fields.serialize_field("name", &self.subject)?;
        fields.serialize_field("reason", &self.reason)?;
        fields.end()
    }
}

/// The recorded decision.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewReport {
    /// The skill.
    pub name: String,
    /// The version.
    pub version: String,
    /// Its bytes.
    pub content_hash: String,
    /// The decision.
    pub decision: Decision,
    /// The approver.
    pub approver: String,
}

/// Records a decision about the bytes of a version.
pub fn review(store: &mut dyn Store, clock: Clock, request: &Review<'_>) -> Result<ReviewReport> {
    write_unless(request.dry_run, store, Durability::Full, |tx| decide(tx, clock, request))
}

/// Records the same decision about the current bytes of many skills, in one transaction.
pub fn review_many(store: &mut dyn Store, clock: Clock, request: &ReviewMany<'_>) -> Result<ReviewManyReport> {
    write_unless(request.dry_run, store, Durability::Full, |tx| {
        let (names, all_or_none) = match &request.which {
            Reviewed::Named(names) => (names.to_vec(), true),
            Reviewed::Pending { category, level } => (waiting_names(tx, clock, *category, *level)?, false),
        };
        let mut report = ReviewManyReport { decisions: Vec::new(), refused: Vec::new(), dry_run: request.dry_run };
        for name in &names {
            match decide(tx, clock, &request.about(name)) {
                Ok(decided) => report.decisions.push(decided),
                Err(error @ (Error::Integrity { .. } | Error::Revoked { .. })) if !all_or_none => {
                    report.refused.push(Remark::new(name.to_string(), (), error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    })
}

/// Pending skills, longest wait first. Names that no command accepts, from other programs, are left out.
fn waiting_names(
    tx: &dyn Transaction,
    clock: Clock,
    category: Option<Category>,
    level: Option<ApprovalLevel>,
) -> Result<Vec<SkillName>> {
    let waiting = waiting(as_snapshot(tx), clock, category.map(Category::as_str))?;
    let asked = waiting.into_iter().filter(|it| level.is_none_or(|level| level == it.approval_level));
    Ok(asked.filter_map(|it| it.name.parse().ok()).collect())
}

impl<'a> ReviewMany<'a> {
    fn about<'b>(&self, name: &'b SkillName) -> Review<'b>
    where
        'a: 'b,
    {
        Review {
            name,
            version: None,
            expected: None,
            decision: self.decision,
            approver: self.approver,
            reason: self.reason,
            escalated_to: self.escalated_to,
            also: self.also,
            dry_run: self.dry_run,
        }
    }
}

fn decide(tx: &mut dyn Transaction, clock: Clock, request: &Review<'_>) -> Result<ReviewReport> {
    let skill = require_skill(as_snapshot(tx), request.name)?;
    let versions = tx.versions(skill.id)?;
    let found = subject(&skill, &versions, request.version)?;
    if let Some(expected) = &request.expected {
        if !expected.begins(&found.content_hash) {
            return Err(Error::ChangedSinceReview { name: skill.name, actual: found.content_hash });
        }
        if versions.iter().any(|it| it.content_hash != found.content_hash && expected.begins(&it.content_hash)) {
            return Err(Error::AmbiguousHash { name: skill.name, hash: expected.to_string() });
        }
    }
    if request.decision == Decision::Approved {
        let approval = Approvable {
            skill: &skill,
            version: &found.version,
            content_hash: &found.content_hash,
            approver: request.approver,
            reason: request.reason,
            override_rejection: request.also.override_rejection,
        };
        approval.require(tx, clock.moment())?;
    }
    let version = match (request.decision, found.recorded) {
        (Decision::Approved, false) => record(tx, clock, &skill, &versions)?,
        _ => found.version,
    };
    let level = request.also.apply(tx, &skill, clock)?;
    let approval = NewApproval {
        version: &version,
        content_hash: &found.content_hash,
        approval_level: level,
        approver: request.approver,
        decision: request.decision,
        reasoning: request.reason,
        criteria_check: None,
        escalated_to: request.escalated_to,
        now: clock.moment(),
    };
    tx.record_approval(skill.id, &approval)?;
    Ok(ReviewReport {
        name: skill.name,
        version,
        content_hash: found.content_hash,
        decision: request.decision,
        approver: request.approver.to_owned(),
    })
}

impl Also {
    /// Changes the skill, and returns its level.
    fn apply(self, tx: &mut dyn Transaction, skill: &Skill, clock: Clock) -> Result<ApprovalLevel> {
        let level = self.least_level.map_or(skill.approval_level, |it| it.max(skill.approval_level));
        let change = SkillChange {
            status: self.status.filter(|it| it.as_str() != skill.status),
            approval_level: Some(level).filter(|it| *it != skill.approval_level),
            ..SkillChange::at(clock.moment())
        };
        if change.changes_something() {
            tx.update_skill(skill.id, &change)?;
        }
        Ok(level)
    }
}

/// The version and bytes of a decision.
struct Subject {
    version: String,
    content_hash: String,
    /// Whether the bytes are recorded as this version. Bytes that another program wrote into the skill's row are not a
    /// version yet.
    recorded: bool,
}

/// The bytes of a version, or of the skill's row.
fn subject(skill: &Skill, versions: &[VersionRecord], version: Option<Version>) -> Result<Subject> {
    if let Some(version) = version {
        let found = require_version(&skill.name, versions, version)?;
        return Ok(Subject {
            version: found.version.clone(),
            content_hash: found.content_hash.clone(),
            recorded: true,
        });
    }
    let unreadable = || Error::UnreadableVersion { name: skill.name.clone(), current: skill.version.clone() };
    let found = versions.iter().find(|it| it.version == skill.version).ok_or_else(unreadable)?;
    let recorded = skill.content_hash == found.content_hash;
    Ok(Subject { version: skill.version.clone(), content_hash: skill.content_hash.clone(), recorded })
}

/// Records the bytes of the skill's row as a new version, since recorded versions never change.
fn record(tx: &mut dyn Transaction, clock: Clock, skill: &Skill, versions: &[VersionRecord]) -> Result<String> {
    let version = Numbering::Next.next(skill, versions, None, true)?.version;
    let broken = || Error::Integrity {
        name: skill.name.clone(),
        version: skill.version.clone(),
        problem: "its recorded hash is invalid".to_owned(),
    };
    let hash: ContentHash = skill.content_hash.parse().map_err(|_| broken())?;
    let bytes = tx.content(&skill.content_hash)?.unwrap_or_default();
    let front_matter = describe(&bytes, bytes.len()).ok().and_then(|it| it.front_matter);
    let new = NewVersion {
        version: &version,
        content_hash: &hash,
        content_path: &skill.content_path,
        front_matter: front_matter.as_ref(),
        approval_level: skill.approval_level,
        source: VersionSource::External,
        now: clock.moment(),
    };
    tx.record_version(skill.id, &new)?;
    Ok(version)
}
