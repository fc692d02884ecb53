//! The fields of front matter: known ones typed, and all of them as JSON. `validate` checks them against the rules of
//! the format.

use serde::Serialize;
use serde_json::{Map, Value};

use super::escapes::Escapes;
use super::finding::{LineCounter, Notes, quoted};
use super::lists::{self, left_out};
use super::node::{Entry, Kind, Node};
use crate::model::Category;

/// The front matter of a skill. Text is trimmed; scalars are as spelt: `version: 1.10` is "1.10".
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FrontMatter {
    /// `name`.
    pub name: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `license`.
    pub license: Option<String>,
    /// `compatibility`.
    pub compatibility: Option<String>,
    /// `metadata`, including nested values.
    pub metadata: Map<String, Value>,
    /// `allowed-tools`, in any list form.
    pub allowed_tools: Vec<String>,
    /// `version`. This and the following fields may also be in `metadata`; at the top level they take precedence.
    pub version: Option<String>,
    /// `category`; a valid one in `metadata` counts where that at the top level is not.
    pub category: Option<String>,
    /// `tags`; `None` if the field is absent, as opposed to an empty list.
    pub tags: Option<Vec<String>>,
    /// `owner`.
    pub owner: Option<String>,
    /// `approval_level`.
    pub approval_level: Option<String>,
    /// All fields, in order and as written, for the database.
    pub fields: Map<String, Value>,
    /// The line of each field, in the order of `fields`.
    #[serde(skip)]
    pub(super) lines: Vec<usize>,
    /// Keys of `metadata` whose values are scalars but not text in YAML, such as `1.0` or `true`.
    #[serde(skip)]
    pub(super) unquoted_metadata: Vec<String>,
}

impl FrontMatter {
    /// Each field's name and line, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&str, usize)> {
        self.fields.keys().map(String::as_str).zip(self.lines.iter().copied())
    }

    /// The line of a field.
    #[must_use]
    pub fn line_of(&self, field: &str) -> Option<usize> {
        let index = self.fields.keys().position(|key| key == field)?;
        self.lines.get(index).copied()
    }

    /// Converts entries to fields. Of repeated ones, the first is used.
    pub(super) fn build(entries: Vec<Entry<'_>>, yaml: &str, first_line: usize, notes: &mut Notes) -> Self {
        let mut built = Self::default();
        let mut lines = LineCounter::new(yaml, first_line);
        let escapes = Escapes::new(yaml);
        let mut metadata_at = 0;
        for entry in entries {
            if built.fields.contains_key(entry.key.as_ref()) {
                let message = format!("the field {} is repeated; the first one is used", quoted(&entry.key));
                notes.repair(entry.at, message);
                continue;
            }
            built.lines.push(lines.line_at(entry.at));
            if entry.key == "metadata" {
                metadata_at = entry.at;
            }
            built.take(&entry, notes);
            escapes.note(&entry, notes);
            if entry.key.contains('\u{ff1a}') {
                let message = "a field's name has a full-width colon (U+FF1A), which is not a colon in YAML".to_owned();
                notes.repair(entry.at, message);
            }
            let value = entry.value.into_json(notes);
            if let ("metadata", Value::Object(map)) = (entry.key.as_ref(), &value) {
                built.metadata.clone_from(map);
            }
            built.fields.insert(entry.key.into_owned(), value);
        }
        built.prefer_valid_category();
        built.note_missing(notes);
        built.note_hidden(metadata_at, notes);
        built
    }

    fn take(&mut self, entry: &Entry<'_>, notes: &mut Notes) {
        match entry.key.as_ref() {
            "name" => self.name = text(entry, notes),
            "description" => self.description = text(entry, notes),
            "license" => self.license = text(entry, notes),
            "compatibility" => self.compatibility = text(entry, notes),
            "version" => self.version = text(entry, notes).or(self.version.take()),
            "category" => self.category = text(entry, notes).or(self.category.take()),
            "owner" => self.owner = text(entry, notes).or(self.owner.take()),
            "approval_level" => self.approval_level = text(entry, notes).or(self.approval_level.take()),
            "tags" => self.tags = lists::read(entry, lists::tags, notes).or(self.tags.take()),
            "allowed-tools" => self.allowed_tools = lists::read(entry, lists::tools, notes).unwrap_or_default(),
            "metadata" => self.take_metadata(entry, notes),
            _ => {}
        }
    }

    fn take_metadata(&mut self, entry: &Entry<'_>, notes: &mut Notes) {
        let items = match &entry.value {
            Node::Map(items) => items,
            Node::Scalar { kind: Kind::Null, .. } => return,
            _ => return left_out(entry, "a mapping", notes),
        };
        for item in items {
            if let Node::Scalar { kind, .. } = &item.value
                && *kind != Kind::Text
            {
                self.unquoted_metadata.push(item.key.clone().into_owned());
            }
            self.take_from_metadata(item, notes);
        }
    }

    /// Takes one of cfn's own fields from `metadata`, unless the top level has it: the format has no other place for
    /// it.
    fn take_from_metadata(&mut self, item: &Entry<'_>, notes: &mut Notes) {
        let field = match item.key.as_ref() {
            "version" => &mut self.version,
            "category" => &mut self.category,
            "owner" => &mut self.owner,
            "approval_level" => &mut self.approval_level,
            "tags" if self.tags.is_none() => return self.tags = lists::read(item, lists::tags, notes),
            _ => return,
        };
        if field.is_none() {
            *field = text(item, notes);
        }
    }

    /// An unknown word must not hide a category that raises the level.
    fn prefer_valid_category(&mut self) {
        let is_valid = |it: &str| it.parse::<Category>().is_ok();
        let below = self.metadata.get("category").and_then(Value::as_str).map(str::trim).filter(|it| is_valid(it));
        if let Some(below) = below.filter(|_| !self.category.as_deref().is_some_and(is_valid)) {
            self.category = Some(below.to_owned());
        }
    }

    /// Notes fields of `metadata` that have another value at the top level, which takes precedence. A level does not: see
    /// [`levels`](Self::levels).
    fn note_hidden(&self, at: usize, notes: &mut Notes) {
        let is_there = |it: &&Value| !it.is_null() && it.as_str().is_none_or(|text| !text.trim().is_empty());
        for field in ["version", "category", "tags", "owner", "approval_level"] {
            let (top, hidden) = (self.fields.get(field).filter(is_there), self.metadata.get(field).filter(is_there));
            let (Some(top), Some(hidden)) = (top, hidden) else { continue };
            if top == hidden {
                continue;
            }
            let what = match field {
                "approval_level" => "the stricter one counts",
                "category" => "the first valid one is used",
                _ => "the first one is used",
            };
            let message = format!(
                "{} is {} at the top level and {} in \"metadata\"; {what}",
                quoted(field),
                shown(top),
                shown(hidden)
            );
            notes.repair(at, message);
        }
    }

    /// Every declared approval level, as written: a level at one place must not hide a stricter one at another.
    pub fn levels(&self) -> impl Iterator<Item = &Value> {
        let declared = [&self.fields, &self.metadata].into_iter().filter_map(|it| it.get("approval_level"));
        declared.filter(|it| !it.is_null() && it.as_str().is_none_or(|text| !text.trim().is_empty()))
    }

    /// Notes missing fields. Agents choose skills by their description, so even a lenient reader reports them.
    fn note_missing(&self, notes: &mut Notes) {
        for (field, value) in [("name", &self.name), ("description", &self.description)] {
            match self.fields.get(field) {
                _ if value.is_some() => {}
                None => notes.repair(0, format!("the front matter has no \"{field}\"")),
                Some(Value::String(_) | Value::Null) => notes.repair(0, format!("the \"{field}\" is empty")),
                Some(_) => {}
            }
        }
    }
}

/// A value in a message.
fn shown(value: &Value) -> String {
    quoted(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn text(entry: &Entry<'_>, notes: &mut Notes) -> Option<String> {
    match &entry.value {
        Node::Scalar { kind: Kind::Null, .. } => None,
        Node::Scalar { text, .. } => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        _ => {
            left_out(entry, "text", notes);
            None
        }
    }
}
