//! `skill approve`, `skill reject` and `skill escalate`: decisions about the bytes of versions.

mod seen;
mod subject;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use self::subject::{record, subject};
use super::approvable::Approvable;
use super::assess::record_with_decision;
use super::error::{Error, Result, require_skill};
use super::pending::waiting_names;
use super::update::as_snapshot;
use crate::clock::Clock;
use crate::model::{ApprovalLevel, Category, Decision, HashPrefix, Remark, Skill, SkillName, Status, Version};
use crate::store::{Durability, NewApproval, SkillChange, Store, Transaction, write_unless};

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
    /// The expert who should decide; only for an escalation. By default that of the category.
    pub escalated_to: Option<&'a str>,
    /// The experts of categories.
    pub experts: &'a [(Category, String)],
    /// Which decisions about these bytes may have been made before.
    pub before: Before,
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

/// Decisions that a new one may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// Any.
    Any,
    /// Any but a rejection that holds, unless it is overridden: what is approved in bulk, nobody looked at.
    Unrejected,
    /// None after the one with this id, which the reviewer saw; `None` if there was none.
    Seen(Option<i64>),
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
    /// The expert who should decide; only for an escalation. By default that of the category.
    pub escalated_to: Option<&'a str>,
    /// The experts of categories.
    pub experts: &'a [(Category, String)],
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
    /// The hash of its folder; `None` for a plain one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder_hash: Option<String>,
    /// The decision.
    pub decision: Decision,
    /// The approver.
    pub approver: String,
    /// The expert who should decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalated_to: Option<String>,
    /// Whether this was a dry run.
    pub dry_run: bool,
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
            Reviewed::Pending { category, level } => (waiting_names(as_snapshot(tx), clock, *category, *level)?, false),
        };
        let mut report = ReviewManyReport { decisions: Vec::new(), refused: Vec::new(), dry_run: request.dry_run };
        for name in &names {
            match decide(tx, clock, &request.about(name)) {
                Ok(decided) => report.decisions.push(decided),
                Err(error @ (Error::Integrity { .. } | Error::Rejected { .. } | Error::Revoked { .. }))
                    if !all_or_none =>
                {
                    report.refused.push(Remark::new(name.to_string(), (), error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(report)
    })
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
            experts: self.experts,
            before: match self.which {
                Reviewed::Named(_) => Before::Any,
                Reviewed::Pending { .. } => Before::Unrejected,
            },
            also: self.also,
            dry_run: self.dry_run,
        }
    }
}

impl<'a> Review<'a> {
    /// The expert of an escalation.
    fn expert(&self, category: &str) -> Option<&'a str> {
        let of_category = || self.experts.iter().find(|it| it.0.as_str() == category).map(|it| it.1.as_str());
        (self.decision == Decision::Escalated).then(|| self.escalated_to.or_else(of_category))?
    }
}

fn decide(tx: &mut dyn Transaction, clock: Clock, request: &Review<'_>) -> Result<ReviewReport> {
    let skill = require_skill(as_snapshot(tx), request.name)?;
    let versions = tx.versions(skill.id)?;
    let found = subject(&skill, &versions, request.version)?;
    request.require_seen(tx, &skill, &versions, &found)?;
    if request.decision == Decision::Approved {
        let approval = Approvable {
            skill: &skill,
            version: &found.version,
            content_hash: &found.content_hash,
            folder_hash: found.folder_hash.as_deref(),
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
    let escalated_to = request.expert(&skill.category);
    let level = request.also.apply(tx, &skill, clock)?;
    let approval = NewApproval {
        version: &version,
        content_hash: &found.content_hash,
        folder_hash: found.folder_hash.as_deref(),
        approval_level: level,
        approver: request.approver,
        decision: request.decision,
        reasoning: request.reason,
        criteria_check: None,
        escalated_to,
        now: clock.moment(),
    };
    tx.record_approval(skill.id, &approval)?;
    record_with_decision(tx, &skill, &found.content_hash, found.folder_hash.as_deref())?;
    Ok(ReviewReport {
        name: skill.name,
        version,
        content_hash: found.content_hash,
        folder_hash: found.folder_hash,
        decision: request.decision,
        approver: request.approver.to_owned(),
        escalated_to: escalated_to.map(str::to_owned),
        dry_run: request.dry_run,
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
