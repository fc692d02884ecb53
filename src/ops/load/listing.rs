//! Listings of files instead of content: finds the usable file of a skill, and its description.

use crate::model::StoredJson;
use std::path::Path;

use super::picked::Picked;
use crate::ops::content_file::Files;
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::skill_file::{Limits, SkillFile, first_sentence};
use crate::store::Snapshot;

/// How to find the files of skills.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Which files may be read.
    pub files: Files,
    /// The project that their paths are relative to.
    pub project: Project,
}

/// A usable file.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its absolute path.
    pub(super) location: String,
    /// The description.
    pub(super) description: String,
    /// Whether the description comes from the body, since the front matter has none.
    pub(super) from_body: bool,
}

impl Listed {
    /// Whether the description is the first sentence of the body, since the front matter has none.
    #[must_use]
    pub fn is_from_body(&self) -> bool {
        self.from_body
    }
}

impl Listing {
    /// The file of a skill, if it has the approved bytes now and its path is safe to print. Paths are not escaped, so
    /// line breaks and tags in them would forge entries.
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
            return Ok(Err("its file is missing or differs from the approved bytes"));
        };
        let Some(location) = writable(&path) else {
            return Ok(Err("its path has control characters or tags"));
        };
        let (description, from_body) = self.description(snapshot, skill, content)?;
        if skill.name.chars().any(breaks) || description.chars().any(|it| breaks(it) && !matches!(it, '\n' | '\t')) {
            return Ok(Err("its name or description has control characters"));
        }
        Ok(Ok(Listed { location, description, from_body }))
    }

    /// The description in the recorded front matter, or in the file, or the first sentence of the body.
    fn description(&self, snapshot: &dyn Snapshot, skill: &Picked, content: &str) -> Result<(String, bool)> {
        let recorded = match skill.origin {
            Some(origin) => snapshot.front_matter(origin.id, &skill.version)?.as_ref().and_then(described),
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
fn described(front_matter: &StoredJson) -> Option<String> {
    let fields: serde_json::Value = front_matter.read().ok()?;
    match fields.get("description")? {
        serde_json::Value::String(text) => Some(text.clone()),
        value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// The path, if it is one line and contains no tags.
fn writable(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let tag =
        text.split('<').skip(1).any(|it| it.starts_with(|first: char| first.is_alphabetic() || "/!?".contains(first)));
    (!tag && !text.chars().any(breaks)).then(|| text.to_owned())
}

/// Whether a character is a control character, or ends a line for some readers.
fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
