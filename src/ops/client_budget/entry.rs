//! An entry of a client's listing, as the client reads it from a skill file.

use std::collections::HashMap;

use serde_json::Value;

use crate::model::AgentType;
use crate::ops::error::Result;
use crate::skill_file::{Limits, SkillFile, first_sentence};
use crate::store::Snapshot;

/// A skill that a client may list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingEntry {
    /// Its name, which is that of its folder.
    pub name: String,
    /// Its description; without one, the first sentence of its body.
    pub description: String,
    /// When to use it, which some clients add to the description.
    pub when_to_use: Option<String>,
    /// Whether its author keeps it from being chosen by a model.
    pub hidden: bool,
    /// The number of its uses.
    pub uses: i64,
}

impl ListingEntry {
    /// The entry of a skill file.
    #[must_use]
    pub fn read(name: &str, content: &[u8], uses: i64) -> Self {
        let mut entry =
            Self { name: name.to_owned(), description: String::new(), when_to_use: None, hidden: false, uses };
        let limits = Limits { file_bytes: content.len(), ..Limits::default() };
        let Ok(file) = SkillFile::read(content, &limits) else { return entry };
        let front_matter = file.front_matter.unwrap_or_default();
        let text = |text: &str| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
        let field = |name: &str| front_matter.fields.get(name);
        entry.when_to_use = field("when_to_use").and_then(Value::as_str).and_then(text);
        entry.hidden = field("disable-model-invocation").is_some_and(|it| *it == true || *it == "true");
        let description = front_matter.description.as_deref().and_then(text);
        entry.description = description.or_else(|| first_sentence(file.body)).unwrap_or_default();
        entry
    }
}

/// The number of uses of each skill by these agent types; by all, without any.
pub(in crate::ops) fn uses_by_skill(
    snapshot: &dyn Snapshot,
    agent_types: &[AgentType],
) -> Result<HashMap<String, i64>> {
    let mut uses = HashMap::new();
    for cell in snapshot.usage_cells(None)? {
        let counts = agent_types.is_empty() || agent_types.iter().any(|it| it.as_str() == cell.agent_type);
        if let Some(skill) = cell.skill.filter(|_| counts) {
            *uses.entry(skill).or_default() += cell.uses;
        }
    }
    Ok(uses)
}

#[cfg(test)]
mod tests {
    use super::ListingEntry;

    #[test]
    fn an_entry_is_what_clients_read_from_the_file() {
        let file =
            b"---\nname: x\ndescription:  A. \nwhen_to_use: On Mondays.\ndisable-model-invocation: true\n---\nBody.\n";
        let entry = ListingEntry::read("x", file, 3);
        assert_eq!((entry.description.as_str(), entry.when_to_use.as_deref()), ("A.", Some("On Mondays.")));
        assert!(entry.hidden && entry.uses == 3);
        let bare = ListingEntry::read("y", b"# Title\n\nFirst. Second.\n", 0);
        assert_eq!((bare.description.as_str(), bare.hidden), ("First.", false));
        assert_eq!(ListingEntry::read("z", b"\xff", 0).description, "");
    }
}
