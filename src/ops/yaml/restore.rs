//! Adds a new skill row by row, if the approvals of the document are trusted.

use super::entry::{ApprovalEntry, VersionEntry, row};
use super::folder::{FileEntry, folder_of};
use super::incoming::{Incoming, changed};
use super::request::ImportYamlReport;
use super::take::Taker;
use crate::model::{ContentHash, EventKind, SkillId, Status, VersionSource};
use crate::ops::error::{Error, Result};
use crate::ops::refusal::refusals;
use crate::ops::rules::describe;
use crate::store::{NewEvent, RowKind, Transaction};

impl Taker<'_> {
    /// Adds a new skill as it is in the document, with its versions and decisions.
    pub(super) fn restore(
        &self,
        tx: &mut dyn Transaction,
        incoming: &Incoming,
        report: &mut ImportYamlReport,
    ) -> Result<SkillId> {
        let now = self.now.to_string();
        let hashes = incoming.versions.iter().flat_map(VersionEntry::hashes);
        if let Some(event) = refusals(tx, hashes, None)?.first() {
            return Err(Error::revoked(incoming.name.to_string(), event));
        }
        let mut skill = incoming.entry.clone();
        skill.content = None;
        skill.replacement_id = None;
        skill.id = skill.id.filter(|_| self.fresh);
        skill.status.get_or_insert_with(|| Status::Active.to_string());
        skill.approval_level = Some(incoming.level.to_string());
        skill.created_at.get_or_insert_with(|| now.clone());
        skill.updated_at.get_or_insert_with(|| now.clone());
        tx.store_content(&incoming.hash, &incoming.bytes)?;
        let id = SkillId(tx.add_whole_row(RowKind::Skill, &row(&skill)?)?);
        // A trigger recorded the current version: it goes first where keys are kept, so that its key is free.
        let is_current = |it: &&VersionEntry| self.fresh && it.version == incoming.entry.version;
        let current = incoming.versions.iter().filter(is_current);
        for version in current.chain(incoming.versions.iter().filter(|it| !is_current(it))) {
            self.restore_version(tx, id, version, incoming)?;
        }
        for approval in self.decisions(&incoming.entry) {
            self.restore_decision(tx, id, approval)?;
            report.approvals_taken += 1;
        }
        tx.record_event(&NewEvent {
            version: incoming.entry.version.as_deref(),
            actor: self.request.trusted_by,
            ..NewEvent::of(id, incoming.name.as_str(), EventKind::Imported, self.now)
        })?;
        Ok(id)
    }

    fn restore_version(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        version: &VersionEntry,
        incoming: &Incoming,
    ) -> Result<()> {
        let is_current = version.content_hash == incoming.entry.content_hash;
        let text = version.content.as_ref().map(String::as_bytes).or(is_current.then_some(&incoming.bytes[..]));
        let mut front_matter = None;
        if let Some(bytes) = text {
            tx.store_content(&ContentHash::of(bytes), bytes)?;
            front_matter = describe(bytes, self.files.most_bytes).ok().and_then(|it| it.front_matter);
        }
        let mut row = row(&VersionEntry { content: None, ..version.clone() })?;
        if !self.fresh {
            row.shift_remove("id");
        }
        row.insert("skill_id".to_owned(), skill.0.into());
        row.entry("content_path").or_insert_with(|| "".into());
        row.entry("approval_level").or_insert_with(|| incoming.level.as_str().into());
        row.entry("source").or_insert_with(|| VersionSource::Import.as_str().into());
        row.entry("created_at").or_insert_with(|| self.now.to_string().into());
        if let Some(front_matter) = front_matter {
            row.insert("front_matter".to_owned(), front_matter.as_str().into());
        }
        row.shift_remove("folder_hash"); // it comes with the files
        let id = tx.add_whole_row(RowKind::Version, &row)?;
        if let Some(folder) = folder_of(&version.files, version.folder_hash.as_deref()).map_err(|_| changed())? {
            store_contents(tx, &version.files)?;
            tx.attach_folder(id, &folder)?;
        }
        Ok(())
    }

    pub(super) fn restore_decision(
        &self,
        tx: &mut dyn Transaction,
        skill: SkillId,
        approval: &ApprovalEntry,
    ) -> Result<()> {
        let mut row = row(approval)?;
        row.insert("skill_id".to_owned(), skill.0.into());
        row.entry("timestamp").or_insert_with(|| self.now.to_string().into());
        if !self.fresh {
            row.shift_remove("id");
        }
        tx.add_whole_row(RowKind::Approval, &row)?;
        Ok(())
    }
}

fn store_contents(tx: &mut dyn Transaction, files: &[FileEntry]) -> Result<()> {
    for file in files {
        if let Some(bytes) = file.bytes().map_err(|_| changed())? {
            tx.store_content(&ContentHash::of(&bytes), &bytes)?;
        }
    }
    Ok(())
}
