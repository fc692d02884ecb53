//! A skill of a document, with its bytes.

use super::entry::{SkillEntry, VersionEntry};
use super::error::DocumentError;
use crate::model::{ApprovalLevel, Category, ContentHash, Skill, SkillFolder, SkillName, StoredTags};
use crate::ops::error::{Error, Result};
use crate::ops::stored_folder::current_folder_hash;
use crate::ops::update::as_snapshot;
use crate::store::Transaction;

/// A skill of the document, with the bytes of its versions.
pub(super) struct Incoming {
    pub(super) name: SkillName,
    pub(super) entry: SkillEntry,
    pub(super) versions: Vec<VersionEntry>,
    pub(super) level: ApprovalLevel,
    pub(super) category: Category,
    pub(super) hash: ContentHash,
    pub(super) bytes: Vec<u8>,
    /// The current files; `None` for a plain folder.
    pub(super) folder: Option<SkillFolder>,
    /// The bytes of files, as far as the document has them.
    pub(super) contents: Vec<(ContentHash, Vec<u8>)>,
}

impl Incoming {
    pub(super) fn folder_hash(&self) -> Option<String> {
        self.folder.as_ref().map(|it| it.hash().to_string())
    }

    /// The bytes of the current files, as far as the document has them.
    pub(super) fn current_contents(&self) -> Vec<(ContentHash, &[u8])> {
        let files = self.folder.iter().flat_map(SkillFolder::files);
        let bytes = |hash| self.contents.iter().find(|(it, _)| *it == hash).map(|(_, bytes)| &bytes[..]);
        files.filter_map(|it| Some((it.hash, bytes(it.hash)?))).collect()
    }

    /// Whether the skill has this folder now.
    pub(super) fn is_current(&self, tx: &dyn Transaction, skill: &Skill) -> Result<bool> {
        let same_file = skill.content_hash == self.hash.to_string();
        Ok(same_file && current_folder_hash(as_snapshot(tx), skill)? == self.folder_hash())
    }

    /// Requires the bytes of every current file, from the document or the database.
    pub(super) fn require_files(&self, tx: &dyn Transaction) -> Result<()> {
        for file in self.folder.iter().flat_map(SkillFolder::files) {
            let is_here = file.hash == self.hash || self.contents.iter().any(|(hash, _)| *hash == file.hash);
            if !is_here && tx.content(&file.hash.to_string())?.is_none() {
                let problem = format!("neither the document nor the database has the bytes of {}", file.path);
                let version = self.entry.version.clone().unwrap_or_default();
                return Err(Error::Integrity { name: self.name.to_string(), version, problem });
            }
        }
        Ok(())
    }

    /// Stores the current bytes where they were missing.
    pub(super) fn store_missing(&self, tx: &mut dyn Transaction) -> Result<()> {
        tx.store_content(&self.hash, &self.bytes)?;
        for (hash, bytes) in self.current_contents() {
            tx.store_content(&hash, bytes)?;
        }
        Ok(())
    }

    pub(super) fn tags(&self) -> Option<Vec<String>> {
        self.entry.tags.as_ref().map(|it| StoredTags::from(it.0.clone()).words())
    }
}

/// The bytes of files in the document.
pub(super) fn contents_of(versions: &[VersionEntry]) -> Result<Vec<(ContentHash, Vec<u8>)>> {
    let mut contents = Vec::new();
    for file in versions.iter().flat_map(|it| &it.files) {
        contents.extend(file.bytes().map_err(|_| changed())?.map(|it| (ContentHash::of(&it), it)));
    }
    Ok(contents)
}

pub(super) fn changed() -> Error {
    DocumentError::Invalid { problem: "it changed during the import".to_owned() }.into()
}
