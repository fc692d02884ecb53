//! Files instead of bodies: which file of a skill may be handed out, and what is said about it.

use std::path::Path;

use super::Picked;
use crate::ops::content_file::Files;
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::skill_file::{Limits, SkillFile, first_sentence};
use crate::store::Snapshot;

/// Where the files of skills are.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which files may be read.
    pub files: Files,
    /// Where their paths are counted from.
    pub project: Project,
}

/// A file that may be handed out.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its absolute path.
    pub(super) location: String,
    /// What the skill is for.
    pub(super) description: String,
    /// Whether the front matter says nothing about it, so that the body had to.
    pub(super) from_body: bool,
}

impl Listed {
    /// Whether the front matter says nothing about the skill, so that the first sentence of its body stands for a description.
    #[must_use]
    pub fn is_from_body(&self) -> bool {
        self.from_body
    }
}

impl Listing {
    /// The file of a skill, where it has the approved bytes at this moment and can be written without becoming something else: a
    /// path is not escaped, so that line breaks and tags in it would forge entries.
    pub(super) fn of(
        &self,
        snapshot: &dyn Snapshot,
        skill: &Picked,
        content: &str,
    ) -> Result<std::result::Result<Listed, &'static str>> {
        let Some(path) = self
            .project
            .places(&skill.content_path)
            .into_iter()
            .find(|place| self.files.read(place).is_ok_and(|file| file.bytes == content.as_bytes()))
        else {
            return Ok(Err("its file is not what was approved, or is gone"));
        };
        let Some(location) = writable(&path) else {
            return Ok(Err("its path has control characters, or parts that read like tags"));
        };
        let (description, from_body) = self.description(snapshot, skill, content)?;
        if skill.name.chars().any(breaks) || description.chars().any(|it| breaks(it) && !matches!(it, '\n' | '\t')) {
            return Ok(Err("its name or description has control characters"));
        }
        Ok(Ok(Listed { location, description, from_body }))
    }

    /// What the recorded front matter says, or else the file itself, or else the first sentence of its body.
    fn description(&self, snapshot: &dyn Snapshot, skill: &Picked, content: &str) -> Result<(String, bool)> {
        let recorded = match skill.origin {
            Some(origin) => snapshot.front_matter(origin.id, &skill.version)?.as_deref().and_then(described),
            None => skill.description.clone(),
        };
        let trimmed = |text: String| Some(text.trim().replace("\r\n", "\n")).filter(|it| !it.is_empty());
        if let Some(description) = recorded.and_then(trimmed) {
            return Ok((description, false));
        }
        let limits = Limits { file_bytes: self.files.most_bytes.max(content.len()), ..Limits::default() };
        let Ok(file) = SkillFile::read(content.as_bytes(), &limits) else { return Ok((String::new(), true)) };
        let own = file.front_matter.as_ref().and_then(|it| it.description.clone()).and_then(trimmed);
        Ok(match own {
            Some(description) => (description, false),
            None => (first_sentence(file.body).unwrap_or_default(), true),
        })
    }
}

/// The description in recorded front matter.
fn described(front_matter: &str) -> Option<String> {
    let fields: serde_json::Value = serde_json::from_str(front_matter).ok()?;
    match fields.get("description")? {
        serde_json::Value::String(text) => Some(text.clone()),
        value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// A path that stays one line, and no tag.
fn writable(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let tag =
        text.split('<').skip(1).any(|it| it.starts_with(|first: char| first.is_alphabetic() || "/!?".contains(first)));
    (!tag && !text.chars().any(breaks)).then(|| text.to_owned())
}

/// Whether a character is a control, or ends a line for some reader.
fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
