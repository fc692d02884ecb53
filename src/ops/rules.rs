//! Rules that deploy, update and import share: the review level, and what a file's front matter says about a skill.

use std::fmt;

use serde::Serialize;

use crate::model::{ApprovalLevel, Category, ContentHash, Skill, VersionRecord};
use crate::skill_file::{Limits, SkillFile, Unreadable};

use super::content_file::{ContentFile, FileError, Files};
use super::error::{Error, Result};

/// Something about a file that a reviewer should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The line in the file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One sentence.
    pub message: String,
}

impl Remark {
    pub(super) fn about(message: String) -> Self {
        Self { line: None, message }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// A skill file that was read and understood.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) hash: ContentHash,
    /// JSON of the front matter, where there was some.
    pub(super) front_matter: Option<String>,
    pub(super) tags: Option<Vec<String>>,
    pub(super) owner: Option<String>,
    pub(super) category: Option<Category>,
    pub(super) approval_level: Option<ApprovalLevel>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) warnings: Vec<Remark>,
}

/// Reads the front matter of some bytes; `Err` where there is nothing to work with.
pub(super) fn describe(bytes: &[u8], most_bytes: usize) -> std::result::Result<Described, Unreadable> {
    let limits = Limits { file_bytes: most_bytes, ..Limits::default() };
    let file = SkillFile::read(bytes, &limits)?;
    let mut warnings: Vec<Remark> =
        file.findings.iter().map(|it| Remark { line: Some(it.line), message: it.message.clone() }).collect();
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
        described.approval_level = word(front_matter.approval_level.as_deref(), &mut warnings);
        described.front_matter = serde_json::to_string(&front_matter.fields).ok();
        described.tags = front_matter.tags;
        described.owner = front_matter.owner;
        described.name = front_matter.name;
        described.version = front_matter.version;
    }
    described.warnings = warnings;
    Ok(described)
}

/// A word that is not one of those that the field takes is named and left alone.
fn word<T: std::str::FromStr<Err = crate::model::UnknownWord>>(
    text: Option<&str>,
    warnings: &mut Vec<Remark>,
) -> Option<T> {
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            warnings.push(Remark::about(format!("front matter ignored: {error}")));
            None
        }
    }
}

/// Reads and describes the file of a command.
pub(super) fn read_described(files: &Files, path: &std::path::Path) -> Result<(ContentFile, Described)> {
    let file = files.read(path)?;
    let described = describe(&file.bytes, files.most_bytes).map_err(|error| FileError::Content {
        path: path.to_owned(),
        problem: error.to_string(),
        hint: "Nothing was stored; correct the file.",
    })?;
    Ok((file, described))
}

/// The record of a skill's current version, where its row agrees with it.
pub(super) fn current<'v>(skill: &Skill, versions: &'v [VersionRecord]) -> Option<&'v VersionRecord> {
    versions.iter().find(|it| it.version == skill.version && it.content_hash == skill.content_hash)
}

/// What decides the review level of a version.
#[derive(Debug)]
pub(super) struct LevelRule<'a> {
    pub(super) name: &'a str,
    /// The level and category of the skill as it is; none for a new one.
    pub(super) current: Option<(ApprovalLevel, &'a str)>,
    /// The category that it is going to have, where that is said.
    pub(super) category: Option<Category>,
    /// What the file's front matter asks for.
    pub(super) asked: Option<ApprovalLevel>,
}

impl LevelRule<'_> {
    /// The level from now on: that of a new category, else the current one; front matter may raise it. Never a lower one than
    /// the skill has.
    pub(super) fn level(&self) -> Result<ApprovalLevel> {
        let lowers = |from, to, cause: String| Err(Error::LowersLevel { name: self.name.to_owned(), from, to, cause });
        let base = match (self.current, self.category) {
            (Some((level, category)), new) => match new.filter(|it| it.as_str() != category) {
                Some(new) => new.approval_level(),
                None => level,
            },
            (None, category) => category.unwrap_or(Category::Domain).approval_level(),
        };
        let level = match self.asked {
            Some(asked) if asked < base => return lowers(base, asked, "the front matter".to_owned()),
            Some(asked) => asked,
            None => base,
        };
        match self.current {
            Some((current, _)) if level < current => {
                let category = self.category.map_or("", Category::as_str);
                lowers(current, level, format!("the category {category}"))
            }
            _ => Ok(level),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LevelRule;
    use crate::model::ApprovalLevel::{self, Auto, Escalate, Human};
    use crate::model::Category;

    fn level(
        current: Option<(ApprovalLevel, &str)>,
        category: Option<Category>,
        asked: Option<ApprovalLevel>,
    ) -> Option<ApprovalLevel> {
        LevelRule { name: "x", current, category, asked }.level().ok()
    }

    #[test]
    fn rises_and_never_falls() {
        use Category::{Domain, Infrastructure, Testing};
        assert_eq!(level(None, None, None), Some(Human), "a new skill is of the domain");
        assert_eq!(level(None, Some(Testing), None), Some(Auto));
        assert_eq!(level(None, Some(Testing), Some(Human)), Some(Human));
        assert_eq!(level(None, Some(Domain), Some(Auto)), None);
        assert_eq!(level(Some((Auto, "testing")), Some(Domain), None), Some(Human));
        assert_eq!(level(Some((Human, "domain")), Some(Testing), None), None);
        assert_eq!(level(Some((Human, "domain")), Some(Testing), Some(Human)), Some(Human));
        assert_eq!(level(Some((Human, "domain")), Some(Infrastructure), Some(Escalate)), None);
        assert_eq!(level(Some((Human, "testing")), Some(Testing), None), Some(Human), "a raised level stays");
        assert_eq!(level(Some((Escalate, "infrastructure")), None, Some(Auto)), None);
        assert_eq!(level(Some((Escalate, "infrastructure")), None, Some(Human)), Some(Human));
    }
}
