//! Parses skill files for deploy, update and import.

use crate::model::{ApprovalLevel, Category, ContentHash, Remark, SkillFolder, StoredJson, UnknownWord};
use crate::skill_file::{FrontMatter, Limits, SkillFile, Unreadable};

use super::content_file::{ContentFile, FileError, Files};
use super::error::Result;

/// A parsed skill file.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) hash: ContentHash,
    /// JSON of the front matter, if any.
    pub(super) front_matter: Option<StoredJson>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) owner: Option<String>,
    pub(super) category: Option<Category>,
    pub(super) approval_level: Option<ApprovalLevel>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) warnings: Vec<Remark>,
}

impl Described {
    /// The content for recording, with the stored form of its path.
    pub(super) fn content<'a>(&'a self, bytes: &'a [u8], path: &'a str) -> Content<'a> {
        Content { hash: &self.hash, bytes, path, folder: None, front_matter: self.front_matter.as_ref(), moved: false }
    }
}

/// Bytes, with their path and front matter.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) hash: &'a ContentHash,
    pub(super) bytes: &'a [u8],
    /// The stored form of their path.
    pub(super) path: &'a str,
    /// The files; `None` for a plain folder.
    pub(super) folder: Option<FolderContent<'a>>,
    /// JSON of the front matter, if any.
    pub(super) front_matter: Option<&'a StoredJson>,
    /// Whether to record the path even if the bytes are unchanged.
    pub(super) moved: bool,
}

/// A folder, with bytes of its files.
#[derive(Clone, Copy)]
pub(super) struct FolderContent<'a> {
    pub(super) folder: &'a SkillFolder,
    /// Its folder hash.
    hash: ContentHash,
    /// Bytes to store, besides those of the skill file; those that are stored already may be left out.
    pub(super) contents: &'a [(ContentHash, &'a [u8])],
}

impl<'a> FolderContent<'a> {
    pub(super) fn of(folder: &'a SkillFolder, contents: &'a [(ContentHash, &'a [u8])]) -> Self {
        Self { folder, hash: folder.hash(), contents }
    }

    /// One whose folder hash is known.
    pub(super) fn hashed(folder: &'a SkillFolder, hash: ContentHash, contents: &'a [(ContentHash, &'a [u8])]) -> Self {
        Self { folder, hash, contents }
    }
}

impl<'a> Content<'a> {
    /// The files, unless the folder is plain.
    pub(super) fn files(&self) -> Option<&'a SkillFolder> {
        self.folder.map(|it| it.folder).filter(|it| !it.is_plain())
    }

    /// The folder hash in hex; `None` for a plain folder.
    pub(super) fn folder_hash(&self) -> Option<String> {
        self.folder.filter(|it| !it.folder.is_plain()).map(|it| it.hash.to_string())
    }
}

/// Parses a skill file. `Err` if it cannot be used.
pub(super) fn describe(bytes: &[u8], most_bytes: usize) -> std::result::Result<Described, Unreadable> {
    let limits = Limits { file_bytes: most_bytes, ..Limits::default() };
    let file = SkillFile::read(bytes, &limits)?;
    let mut warnings: Vec<Remark> = file.findings.into_iter().map(|it| it.about((), ())).collect();
    let mut described = Described {
        hash: ContentHash::of(bytes),
        front_matter: None,
        tags: None,
        owner: None,
        category: None,
        approval_level: None,
        name: None,
        version: None,
        warnings: Vec::new(),
    };
    if let Some(front_matter) = file.front_matter {
        described.category = word(front_matter.category.as_deref(), &mut warnings);
        described.approval_level = level(&front_matter, &mut warnings);
        described.front_matter = StoredJson::of(&front_matter.fields);
        described.tags = front_matter.tags;
        described.owner = front_matter.owner;
        described.name = front_matter.name;
        described.version = front_matter.version;
    }
    described.warnings = warnings;
    Ok(described)
}

/// The strictest of the declared levels. One that cannot be read must not weaken the review, so it counts as the strictest.
fn level(front_matter: &FrontMatter, warnings: &mut Vec<Remark>) -> Option<ApprovalLevel> {
    let read = |it: &serde_json::Value| {
        let text = it.as_str().map_or_else(|| it.to_string(), |it| it.trim().to_ascii_lowercase());
        text.parse().unwrap_or_else(|error: UnknownWord| {
            let strictest = ApprovalLevel::Human;
            warnings
                .push(Remark::from(format!("front matter: {error}; it counts as {strictest}, the strictest level")));
            strictest
        })
    };
    front_matter.levels().map(read).max()
}

/// Parses a word; an unknown one is ignored with a warning.
fn word<T: std::str::FromStr<Err = UnknownWord>>(text: Option<&str>, warnings: &mut Vec<Remark>) -> Option<T> {
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            warnings.push(Remark::from(format!("front matter ignored: {error}")));
            None
        }
    }
}

/// Reads and parses the file of a command.
pub(super) fn read_described(files: &Files, path: &std::path::Path) -> Result<(ContentFile, Described)> {
    let file = files.read(path)?;
    let described = describe(&file.bytes, files.most_bytes).map_err(|error| FileError::Content {
        path: path.to_owned(),
        problem: error.to_string(),
        hint: "Nothing was stored; correct the file.",
    })?;
    Ok((file, described))
}
