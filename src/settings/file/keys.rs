//! The settings that files may contain, and those that they must not.

use super::problem::FileProblem;
use crate::model::Category;
use crate::settings::Scope;

/// A setting, named after its long flag, with `_` for `-`.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    place: Place,
}

/// What the value of a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A list of strings, or one string with commas.
    Texts,
    /// A table with a string for some categories.
    Experts,
}

impl Kind {
    /// The expected value, for messages.
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Text => "a string in quotes",
            Self::Texts => "a list of strings",
            Self::Experts => "a table of categories, each with a string in quotes",
        }
    }
}

/// The files that may contain a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The project's and the user's file.
    Both,
    /// The user's file only: the setting names an approver, a service that data is sent to, or a folder that
    /// is written to.
    User,
    /// No file: the flag confirms a single command.
    Nowhere,
}

const KEYS: &[Key] = &[
    Key::several("agents", Place::Both),
    Key::one("cache", Place::Both),
    Key::one("category", Place::Both),
    Key::one("db", Place::Both),
    Key { name: "experts", kind: Kind::Experts, place: Place::Both },
    Key::one("max_folder_bytes", Place::Both),
    Key::one("max_folder_files", Place::Both),
    Key::one("usd_per_million_tokens", Place::Both),
    Key::one("approver", Place::User),
    Key::several("expire_keys", Place::User),
    Key::one("materialize_dir", Place::User),
    Key::one("redis_url", Place::User),
    Key::one("approve_as", Place::Nowhere),
    Key::one("force", Place::Nowhere),
    Key::one("from_any", Place::Nowhere),
    Key::one("override_rejection", Place::Nowhere),
    Key::one("trust_levels", Place::Nowhere),
    Key::one("yes", Place::Nowhere),
];

/// Minimum similarity of a suggested name.
const LIKENESS: f64 = 0.75;

/// Maximum length of a quoted key.
const LONGEST: usize = 40;

impl Key {
    const fn one(name: &'static str, place: Place) -> Self {
        Self { name, kind: Kind::Text, place }
    }

    const fn several(name: &'static str, place: Place) -> Self {
        Self { name, kind: Kind::Texts, place }
    }

    /// Looks a setting up by its name, spelled with `_` or with `-`.
    pub(super) fn of(name: &str, scope: Scope) -> Result<&'static Self, FileProblem> {
        let wanted = name.replace('-', "_");
        let Some(key) = KEYS.iter().find(|it| it.name == wanted) else {
            return Err(FileProblem::Unknown { name: quotable(name), known: nearest(&wanted, scope) });
        };
        match key.place {
            Place::Nowhere => Err(FileProblem::NotOfFiles { name: key.name }),
            Place::User if scope == Scope::Project => Err(FileProblem::NotOfProjects { name: key.name }),
            Place::User | Place::Both => Ok(key),
        }
    }

    fn belongs_in(&self, scope: Scope) -> bool {
        self.place == Place::Both || self.place == Place::User && scope == Scope::User
    }
}

/// The setting for the expert of a category.
pub(in crate::settings) fn expert_key(category: Category) -> &'static str {
    match category {
        Category::Coordination => "experts.coordination",
        Category::Testing => "experts.testing",
        Category::Infrastructure => "experts.infrastructure",
        Category::Domain => "experts.domain",
        Category::Foundation => "experts.foundation",
    }
}

/// Looks up the setting for the expert of a category, by its name in the table.
pub(super) fn expert(name: &str) -> Result<&'static str, FileProblem> {
    let unknown = || FileProblem::Unknown {
        name: quotable(name).map(|it| format!("experts.{it}")),
        known: most_similar(&format!("experts.{name}"), Category::ALL.map(expert_key).to_vec()),
    };
    name.parse().map(expert_key).map_err(|_| unknown())
}

/// The most similar setting; all settings of such a file if none is similar.
fn nearest(meant: &str, scope: Scope) -> Vec<&'static str> {
    most_similar(meant, KEYS.iter().filter(|it| it.belongs_in(scope)).map(|it| it.name).collect())
}

fn most_similar(meant: &str, names: Vec<&'static str>) -> Vec<&'static str> {
    let meant = meant.to_lowercase();
    let scored = names.iter().map(|name| (strsim::jaro_winkler(&meant, name), *name)).filter(|it| it.0 >= LIKENESS);
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|it| vec![it.1]);
    best.unwrap_or(names)
}

/// The key, if it looks like one. If the path is a link to some other file, a "key" may be any of its lines.
fn quotable(name: &str) -> Option<String> {
    let is_name = name.len() <= LONGEST && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it));
    is_name.then(|| name.to_owned())
}
