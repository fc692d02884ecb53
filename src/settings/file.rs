//! Settings files: the project's `cfn.toml`, which a clone brings along, and the user's own file. The keys are the names of
//! long flags. Keys and types are checked on reading, values when a command uses them.

mod keys;
mod problem;

use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

pub(super) use self::keys::expert_key;
use self::keys::{Key, Kind, expert};
pub(super) use self::problem::Unread;
pub use self::problem::{BadFile, FileProblem};
use super::{Foreign, Given, Scope, Source, not_a_path};
use crate::regular_file;

/// Name of a project's settings file.
pub const PROJECT_FILE: &str = "cfn.toml";

/// Maximum size of a settings file, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// A settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsFile {
    path: PathBuf,
    scope: Scope,
    entries: Vec<Entry>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    key: &'static str,
    value: Value,
    line: usize,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<String>),
}

impl SettingsFile {
    /// Reads the user's file, if it exists.
    pub(super) fn of_user(path: PathBuf) -> Result<Option<Self>, BadFile> {
        if fs::symlink_metadata(&path).is_err() {
            return Ok(None); // also if the home folder is not accessible: it is another user's
        }
        let file = regular_file::open(&path).map_err(|error| unreadable(&path, &error))?;
        Self::parse(path, file, Scope::User).map(Some)
    }

    /// Reads the file of the project in this folder, if it exists. Both a link and its target must belong to this user or
    /// root.
    pub(super) fn of_project(folder: &Path, user: u32) -> Result<Option<Self>, Unread> {
        let path = folder.join(PROJECT_FILE);
        let Ok(found) = fs::symlink_metadata(&path) else { return Ok(None) };
        let own = |owner| Foreign::check(&path, owner, user).map_err(Unread::Foreign);
        own(found.uid())?;
        let read = |error| Unread::Bad(unreadable(&path, &error));
        let file = regular_file::open(&path).map_err(read)?;
        own(file.metadata().map_err(read)?.uid())?;
        Self::parse(path, file, Scope::Project).map(Some).map_err(Unread::Bad)
    }

    /// Path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn parse(path: PathBuf, file: fs::File, scope: Scope) -> Result<Self, BadFile> {
        let text = regular_file::rest_as_string(file, MOST_BYTES).map_err(|error| unreadable(&path, &error))?;
        match entries(&text, scope) {
            Ok(entries) => Ok(Self { path, scope, entries }),
            Err((span, problem)) => Err(BadFile { line: span.map(|it| line_of(&text, &it)), path, problem }),
        }
    }

    /// A setting with its source.
    pub(super) fn entry(&self, key: &'static str) -> Option<(&Value, Source)> {
        let entry = self.entries.iter().find(|it| it.key == key)?;
        Some((&entry.value, Source::File { key, scope: self.scope, path: self.path.clone(), line: entry.line }))
    }

    /// The value of a string setting; an empty one counts as unset.
    pub(super) fn text(&self, key: &'static str) -> Option<Given> {
        Some(Given { value: self.str(key)?.into(), source: self.entry(key)?.1 })
    }

    /// The same without its source.
    pub(super) fn str(&self, key: &'static str) -> Option<&str> {
        match self.entry(key)?.0 {
            Value::Text(text) => Some(text.as_str()).filter(|it| !it.trim().is_empty()),
            Value::Texts(_) => None,
        }
    }

    /// The value of a list setting; it may also be one comma-separated string, as on the command line.
    pub(super) fn texts(&self, key: &'static str) -> Option<(Vec<String>, Source)> {
        let (value, source) = self.entry(key)?;
        Some(match value {
            Value::Text(text) => (text.split(',').map(str::to_owned).collect(), source),
            Value::Texts(texts) => (texts.clone(), source),
        })
    }

    /// The database that the file names. A relative path starts at the file's folder.
    pub(super) fn database(&self) -> Option<Given> {
        self.path_setting("db")
    }

    /// The path that the file names. A relative path starts at the file's folder.
    pub(super) fn path_setting(&self, key: &'static str) -> Option<Given> {
        let given = self.text(key)?;
        match self.path.parent() {
            Some(folder) if not_a_path::shown(&given.value, folder).is_none() => {
                Some(Given { value: folder.join(&given.value).into(), ..given })
            }
            _ => Some(given),
        }
    }
}

impl Value {
    fn of(value: &DeValue<'_>, key: &Key) -> Result<Self, FileProblem> {
        let wrong = |expected| FileProblem::WrongKind { name: key.name, expected };
        match value {
            DeValue::String(text) if key.kind != Kind::Experts => Ok(Self::Text(text.to_string())),
            DeValue::Array(items) if key.kind == Kind::Texts => {
                let texts = items.iter().map(|it| it.get_ref().as_str().map(str::to_owned)).collect::<Option<_>>();
                texts.map(Self::Texts).ok_or_else(|| wrong("a list of strings"))
            }
            _ => Err(wrong(key.kind.expected())),
        }
    }
}

/// Parses the file, or returns the error and its position.
fn entries(text: &str, scope: Scope) -> Result<Vec<Entry>, (Option<Range<usize>>, FileProblem)> {
    let table = DeTable::parse(text)
        .map_err(|error| (error.span(), FileProblem::Syntax(error.message().lines().collect::<Vec<_>>().join(", "))))?;
    let mut entries: Vec<Entry> = Vec::new();
    for (name, value) in table.get_ref() {
        let here = |problem| (Some(name.span()), problem);
        let key = Key::of(name.get_ref(), scope).map_err(here)?;
        if entries.iter().any(|it| it.key == key.name) {
            return Err(here(FileProblem::Twice { name: key.name }));
        }
        if let (Kind::Experts, DeValue::Table(table)) = (key.kind, value.get_ref()) {
            entries.extend(experts(text, key, table)?);
            continue;
        }
        let value = Value::of(value.get_ref(), key).map_err(here)?;
        entries.push(Entry { key: key.name, value, line: line_of(text, &name.span()) });
    }
    Ok(entries)
}

/// The entries of the table of experts, one for each category in it.
fn experts(text: &str, key: &Key, table: &DeTable<'_>) -> Result<Vec<Entry>, (Option<Range<usize>>, FileProblem)> {
    let entry = |(name, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let here = |problem| (Some(name.span()), problem);
        let wrong = || here(FileProblem::WrongKind { name: key.name, expected: Kind::Experts.expected() });
        let named = value.get_ref().as_str().map(str::trim).filter(|it| !it.is_empty()).ok_or_else(wrong)?;
        let key = expert(name.get_ref()).map_err(here)?;
        Ok(Entry { key, value: Value::Text(named.to_owned()), line: line_of(text, &name.span()) })
    };
    table.iter().map(entry).collect()
}

/// The line that a span begins in, counted from 1.
fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|it| *it == b'\n').count() + 1
}

fn unreadable(path: &Path, error: &io::Error) -> BadFile {
    BadFile { path: path.to_owned(), line: None, problem: FileProblem::Unreadable(error.to_string()) }
}

/// Shows the name only: a value may be a secret.
impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} (line {})", self.key, self.line)
    }
}

#[cfg(test)]
mod tests;
