//! How an import publishes a skill.

use super::write::{File, Writer};
use crate::model::{Category, Decision, VersionSource};
use crate::ops::publish::{Fields, Judgement, MappingFlags, Numbering, Overrule, Publication, Trust};
use crate::ops::rules::{Content, FolderContent};

/// Default name recorded with escalations.
const IMPORTER: &str = "cfn-import";

impl<'a> Writer<'a> {
    /// The requested decision. Without one, skills above level `auto` wait for review.
    pub(super) fn approval(&self) -> Option<Judgement<'a>> {
        self.request.approve_as.map(|approver| Judgement {
            decision: Decision::Approved,
            approver,
            level: None,
            reasoning: self.request.reason.unwrap_or("Approved at import"),
            criteria: None,
        })
    }

    /// The decision about bytes from another source: they need a review.
    pub(super) fn escalation<'b>(&self, reasoning: &'b str) -> Judgement<'b>
    where
        'a: 'b,
    {
        let approver = self.request.approve_as.unwrap_or(IMPORTER);
        Judgement { decision: Decision::Escalated, approver, level: None, reasoning, criteria: None }
    }

    pub(super) fn publication<'b>(&'b self, file: &'b File<'b>, judgement: Option<Judgement<'b>>) -> Publication<'b> {
        let described = &file.item.described;
        let folder = file.item.folder.as_ref();
        let folder = folder.map(|it| FolderContent::hashed(&it.folder, it.hash, &file.contents));
        Publication {
            name: &file.item.name,
            content: Content { folder, ..described.content(file.bytes, &file.item.stored_path) },
            file: Some(described),
            command: Fields::default(),
            default: self.request.default(),
            trust: if self.request.trust_levels { Trust::Obey } else { Trust::Warn },
            least_level: self.request.category.filter(|_| !self.request.trust_levels).map(Category::approval_level),
            numbering: Numbering::Declared,
            source: VersionSource::Import,
            judgement,
            overrule: self
                .request
                .reason
                .filter(|_| self.request.override_rejection)
                .map(|reason| Overrule { reason, approver: self.request.approve_as.unwrap_or(IMPORTER) }),
            mappings: MappingFlags { agents: self.request.agents, ..MappingFlags::default() },
            now: self.now,
        }
    }
}
