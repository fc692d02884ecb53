//! The entry of a skill in a listing of files: its path and its description.

use std::path::Path;

use super::picked::Picked;
use super::places::Placed;
use crate::model::StoredJson;
use crate::ops::error::Result;
use crate::skill_file::{Limits, SkillFile, first_sentence};
use crate::store::Snapshot;

/// An entry of a listing.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The absolute path of the skill file.
    pub(super) location: String,
    /// The description.
    pub(super) description: String,
    /// Whether the description comes from the body, since the front matter has none.
    pub(super) from_body: bool,
}

impl Listed {
    /// The entry of a skill, or why it cannot be listed. Paths are not escaped, so line breaks and tags in them would
    /// forge entries.
    pub(super) fn of(
        snapshot: &dyn Snapshot,
        skill: &Picked,
        content: &str,
        placed: &Placed,
    ) -> Result<std::result::Result<Self, &'static str>> {
        let Some(location) = writable(&placed.file) else { return Ok(Err(UNWRITABLE)) };
        let (description, from_body) = description(snapshot, skill, content)?;
        if skill.name.chars().any(breaks) || description.chars().any(|it| breaks(it) && !matches!(it, '\n' | '\t')) {
            return Ok(Err("its name or description has control characters"));
        }
        Ok(Ok(Self { location, description, from_body }))
    }

    /// Whether the description is the first sentence of the body, since the front matter has none.
    #[must_use]
    pub fn is_from_body(&self) -> bool {
        self.from_body
    }
}

pub(super) const UNWRITABLE: &str = "its path has control characters or tags";

/// The description in the recorded front matter, or in the file, or the first sentence of the body.
fn description(snapshot: &dyn Snapshot, skill: &Picked, content: &str) -> Result<(String, bool)> {
    let recorded = match skill.origin {
        Some(origin) => snapshot.front_matter(origin.id, &skill.version)?.as_ref().and_then(described),
        None => skill.description.clone(),
    };
    let trimmed = |text: String| Some(text.trim().replace("\r\n", "\n")).filter(|it| !it.is_empty());
    if let Some(description) = recorded.and_then(trimmed) {
        return Ok((description, false));
    }
    let limits = Limits { file_bytes: content.len(), ..Limits::default() };
    let Ok(file) = SkillFile::read(content.as_bytes(), &limits) else { return Ok((String::new(), true)) };
    let own = file.front_matter.as_ref().and_then(|it| it.description.clone()).and_then(trimmed);
    Ok(match own {
        Some(description) => (description, false),
        None => (first_sentence(file.body).unwrap_or_default(), true),
    })
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
pub(super) fn writable(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let tag =
        text.split('<').skip(1).any(|it| it.starts_with(|first: char| first.is_alphabetic() || "/!?".contains(first)));
    (!tag && !text.chars().any(breaks)).then(|| text.to_owned())
}

/// Whether a character is a control character, or ends a line for some readers.
fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
