//! Whether bytes are approved: an approval binds to bytes, and the latest decision on them counts.

use cfn::model::ApprovalLevel::Auto;
use cfn::model::{
    Approval, Decision, EventKind, Review, Skill, SkillEvent, SkillId, Status, VersionRecord, VersionSource,
};

use super::tables::Tables;

impl Tables {
    /// The latest decision about a folder of a skill, in whatever version it is; without `folder`, about a skill file.
    pub(super) fn latest_on(&self, skill: SkillId, hash: &str, folder: Option<&str>) -> Option<&Approval> {
        let about = |it: &&Approval| it.content_hash.as_deref() == Some(hash) && it.folder_hash.as_deref() == folder;
        self.decisions(skill).rev().find(about)
    }

    fn decisions(&self, skill: SkillId) -> impl DoubleEndedIterator<Item = &Approval> {
        self.approvals.values().filter(move |it| it.skill == skill).map(|it| &it.approval)
    }

    /// Whether agents may get a version, at least its skill file.
    pub(super) fn approves(&self, skill: &Skill, version: &VersionRecord) -> bool {
        let approved = |it: &Approval| it.decision == Decision::Approved;
        let folder = version.folder_hash.as_deref();
        if self.is_revoked(Some(skill.id), &version.content_hash) {
            return false;
        }
        match self.latest_on(skill.id, &version.content_hash, folder) {
            Some(decided) => approved(decided),
            None => {
                self.is_automatic(skill, version)
                    || self.latest_on(skill.id, &version.content_hash, None).is_some_and(approved)
            }
        }
    }

    /// Whether agents may get all files of a version. A level says nothing about files beside one of another program.
    pub(super) fn approves_whole(&self, skill: &Skill, version: &VersionRecord) -> bool {
        let of_others = ["adoption", VersionSource::External.as_str()];
        if self.is_revoked(Some(skill.id), &version.content_hash) {
            return false;
        }
        match self.latest_on(skill.id, &version.content_hash, version.folder_hash.as_deref()) {
            Some(decided) => decided.decision == Decision::Approved,
            None => {
                self.is_automatic(skill, version)
                    && (version.folder_hash.is_none() || !of_others.contains(&version.source.as_str()))
            }
        }
    }

    /// Whether bytes were revoked or erased, and the skill did not accept them since.
    pub(super) fn is_revoked(&self, skill: Option<SkillId>, hash: &str) -> bool {
        let settles = |(of, it): &&(SkillId, SkillEvent)| {
            it.content_hash.as_deref() == Some(hash)
                && (it.is(EventKind::Revoked)
                    || it.is(EventKind::Purged)
                    || it.is(EventKind::Accepted) && Some(*of) == skill)
        };
        self.events.values().rev().find(settles).is_some_and(|(_, it)| !it.is(EventKind::Accepted))
    }

    /// Whether the level approves a version. No level approves bytes that nobody can look at.
    fn is_automatic(&self, skill: &Skill, version: &VersionRecord) -> bool {
        let is_current = version.version == skill.version;
        let refuses = |it: &Approval| {
            it.content_hash.as_ref() == Some(&version.content_hash) && it.decision != Decision::Approved
        };
        !self.decisions(skill.id).any(refuses)
            && version.approval_level == Auto
            && (!is_current || skill.approval_level == Auto)
            && self.is_stored(&version.content_hash)
    }

    /// The pinned version, if it is approved; without a pin, the newest approved version. Those that are newer than the
    /// current one do not count.
    pub(super) fn served(&self, skill: &Skill, pin: Option<&String>) -> Option<&VersionRecord> {
        if let Some(pinned) = pin {
            return self.version(skill.id, pinned).filter(|it| self.approves(skill, it));
        }
        let current = self.version(skill.id, &skill.version).map_or(i64::MAX, |it| it.id);
        self.versions_of(skill.id).rev().filter(|it| it.id <= current).find(|it| self.approves(skill, it))
    }

    /// The version that has the number and the bytes of the skill's row.
    pub(super) fn current(&self, skill: &Skill) -> Option<&VersionRecord> {
        self.version(skill.id, &skill.version).filter(|it| it.content_hash == skill.content_hash)
    }

    pub(super) fn review(&self, skill: &Skill) -> Review {
        let current = self.current(skill);
        if current.is_some_and(|it| self.approves(skill, it)) {
            return Review::Approved;
        }
        if current.is_some_and(|it| self.is_revoked(Some(skill.id), &it.content_hash)) {
            return Review::Rejected;
        }
        let folder = current.and_then(|it| it.folder_hash.as_deref());
        let decided = self.latest_on(skill.id, &skill.content_hash, folder).map(|it| it.decision);
        let asked = decided.is_some() || skill.approval_level != Auto || current.is_none();
        match decided {
            Some(Decision::Rejected) => Review::Rejected,
            _ if asked && is_active(skill) => Review::Pending,
            _ => Review::None,
        }
    }
}

pub(super) fn is_active(skill: &Skill) -> bool {
    skill.status == Status::Active.as_str()
}
