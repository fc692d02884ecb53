//! The files of a version in a document. The bytes of each are there once a skill: as text, or else in base64.

use std::collections::HashSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::model::{ContentHash, FolderLimits, SKILL_FILE, SkillFolder, StoredFile, Visible};
use crate::ops::error::Result as OpResult;

/// A file. The bytes of SKILL.md are the `content` of its version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FileEntry {
    path: String,
    mode: String,
    hash: String,
    size: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_base64: Option<String>,
}

impl FileEntry {
    /// A recorded file, without its bytes.
    pub(super) fn of(file: StoredFile) -> Self {
        let StoredFile { path, mode, hash, size } = file;
        Self { path, mode, hash, size, content: None, content_base64: None }
    }

    /// Adds the bytes where the file is named first.
    pub(super) fn fill(
        &mut self,
        written: &mut HashSet<String>,
        bytes: impl FnOnce(&str) -> OpResult<Option<Vec<u8>>>,
    ) -> OpResult<Filled> {
        if self.path == SKILL_FILE || written.contains(&self.hash) {
            return Ok(Filled::Before);
        }
        written.insert(self.hash.clone());
        let stored = bytes(&self.hash)?.filter(|it| ContentHash::of(it).to_string() == self.hash);
        let Some(bytes) = stored else { return Ok(Filled::Missing(self.path.clone())) };
        match String::from_utf8(bytes) {
            Ok(text) => self.content = Some(text),
            Err(error) => self.content_base64 = Some(BASE64_STANDARD.encode(error.as_bytes())),
        }
        Ok(Filled::Here)
    }

    /// The bytes, if they are here; `Err` if they are no base64.
    pub(super) fn bytes(&self) -> Result<Option<Vec<u8>>, &'static str> {
        match (&self.content, &self.content_base64) {
            (Some(text), _) => Ok(Some(text.clone().into_bytes())),
            (None, Some(text)) => BASE64_STANDARD.decode(text).map(Some).map_err(|_| "its bytes are no base64"),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// The size of its content in the document.
    pub(super) fn len(&self) -> usize {
        [&self.content, &self.content_base64].into_iter().flatten().map(String::len).sum()
    }

    fn row(&self) -> StoredFile {
        let Self { path, mode, hash, size, .. } = self.clone();
        StoredFile { path, mode, hash, size }
    }
}

/// Where the bytes of a file are in a document.
pub(super) enum Filled {
    /// Here.
    Here,
    /// Where they were named first.
    Before,
    /// Nowhere: the database does not have those of this path.
    Missing(String),
}

/// The folder of these files; `None` for a plain one, whose files are not listed.
pub(super) fn folder_of(files: &[FileEntry], folder_hash: Option<&str>) -> Result<Option<SkillFolder>, String> {
    match folder_hash {
        None if files.is_empty() => Ok(None),
        None => Err("it has files and no folder_hash".to_owned()),
        Some(hash) => {
            let rows: Vec<StoredFile> = files.iter().map(FileEntry::row).collect();
            SkillFolder::recorded(&rows, hash).map(Some).map_err(|it| it.to_string())
        }
    }
}

/// What is wrong with the files of a version whose skill file has this hash.
pub(super) fn problem(
    files: &[FileEntry],
    folder_hash: Option<&str>,
    content_hash: Option<&str>,
    limits: FolderLimits,
) -> Option<String> {
    let folder = match folder_of(files, folder_hash) {
        Ok(folder) => folder?,
        Err(problem) => return Some(problem),
    };
    let total = folder.files().iter().fold(0u64, |sum, it| sum.saturating_add(it.size));
    if files.len() > limits.files || total > limits.bytes {
        return Some(format!("its folder has more than {} files or {} bytes", limits.files, limits.bytes));
    }
    let skill_file = folder.files().iter().find(|it| it.path.as_str() == SKILL_FILE);
    if skill_file.map(|it| it.hash.to_string()).as_deref() != content_hash {
        return Some(format!("its {SKILL_FILE} does not have its content_hash"));
    }
    files.iter().find_map(|file| match file.bytes() {
        Ok(Some(bytes))
            if ContentHash::of(&bytes).to_string() != file.hash || i64::try_from(bytes.len()) != Ok(file.size) =>
        {
            Some(format!("{}: its content does not have its hash and size", Visible(&file.path)))
        }
        Ok(_) => None,
        Err(problem) => Some(format!("{}: {problem}", Visible(&file.path))),
    })
}
