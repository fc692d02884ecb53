//! `cfn-export.lock`: the record of what cfn exported to a folder.
//!
//! Whoever can write to the folder can write this file, so that nothing in it is trusted: each entry must name a skill
//! and the place of that skill in a layout, and whether the skill may be there is decided by the database.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{AgentType, ContentHash, FileMode, FolderPath, SkillFolder, SkillName, Visible};

use super::request::Layout;

/// The name of the record.
pub(super) const LOCK_FILE: &str = "cfn-export.lock";

/// The largest one that is read: half a million files.
pub(super) const MOST_LOCK_BYTES: u64 = 128 * 1024 * 1024;

const FORMAT: u32 = 1;

/// What was exported to a folder, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lock {
    /// The id of the database, if it has one.
    pub(super) database: Option<String>,
    pub(super) skills: BTreeMap<String, LockedSkill>,
}

/// A skill that was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LockedSkill {
    path: String,
    pub(super) layout: Layout,
    pub(super) skill: String,
    pub(super) version: String,
    pub(super) folder_hash: ContentHash,
    /// What the folder held before, while an export is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<ContentHash>,
    #[serde(flatten)]
    pub(super) owners: Owners,
    files: Vec<LockedFile>,
}

/// The selections that a skill was exported for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owners {
    /// Whether `--all` did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) all: bool,
    /// The agent types.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) agents: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LockedFile {
    path: FolderPath,
    mode: FileMode,
    hash: ContentHash,
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: u32,
    database: Option<String>,
    skills: Vec<LockedSkill>,
}

impl LockedSkill {
    pub(super) fn of(layout: Layout, skill: &str, version: &str, folder: &SkillFolder, owners: Owners) -> Self {
        let file = |it: &crate::model::FolderFile| LockedFile { path: it.path.clone(), mode: it.mode, hash: it.hash };
        Self {
            path: layout.path_of(skill),
            layout,
            skill: skill.to_owned(),
            version: version.to_owned(),
            folder_hash: folder.hash(),
            replaces: None,
            owners,
            files: folder.files().iter().map(file).collect(),
        }
    }

    /// The same, while what has this hash may still be there.
    pub(super) fn replacing(self, replaces: Option<ContentHash>) -> Self {
        Self { replaces, ..self }
    }

    /// Whether cfn wrote a folder with this hash there.
    pub(super) fn wrote(&self, hash: ContentHash) -> bool {
        hash == self.folder_hash || Some(hash) == self.replaces
    }

    fn require_place(&self) -> Result<(), String> {
        let about = |why: &str| format!("\"{}\" {why}", Visible(&self.path));
        self.skill.parse::<SkillName>().map_err(|_| about("names no skill"))?;
        if self.path != self.layout.path_of(&self.skill) {
            return Err(about("is not the place of its skill"));
        }
        if self.owners.agents.iter().any(|it| it.parse::<AgentType>().is_err()) {
            return Err(about("is of an agent type that cannot exist"));
        }
        Ok(())
    }
}

impl Owners {
    pub(super) fn is_nobody(&self) -> bool {
        !self.all && self.agents.is_empty()
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.all |= other.all;
        self.agents.extend(other.agents.iter().cloned());
    }

    /// Without those of `other`.
    pub(super) fn without(&self, other: &Self) -> Self {
        Self { all: self.all && !other.all, agents: self.agents.difference(&other.agents).cloned().collect() }
    }
}

impl Lock {
    /// Reads a record. One wrong entry spoils all: somebody else has written it.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let document: Document =
            serde_json::from_slice(text).map_err(|error| Visible(error.to_string()).to_string())?;
        if document.format != FORMAT {
            return Err(format!("it has the format {}, and this cfn reads {FORMAT}", document.format));
        }
        let mut skills = BTreeMap::new();
        for skill in document.skills {
            skill.require_place()?;
            if let Some(twin) = skills.insert(skill.path.clone(), skill) {
                return Err(format!("\"{}\" is in it twice", Visible(&twin.path)));
            }
        }
        Ok(Self { database: document.database, skills })
    }

    /// The bytes of the record: the same for the same content.
    pub(super) fn write(&self) -> Result<Vec<u8>, String> {
        let skills = self.skills.values().cloned().collect();
        let document = Document { format: FORMAT, database: self.database.clone(), skills };
        let mut text = serde_json::to_vec_pretty(&document).map_err(|error| error.to_string())?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn add(&mut self, skill: LockedSkill) {
        self.skills.insert(skill.path.clone(), skill);
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, Lock, LockedSkill, Owners};
    use crate::model::{ContentHash, SkillFolder};

    fn lock() -> Lock {
        let owners = Owners { all: false, agents: ["tester".to_owned()].into() };
        let folder = SkillFolder::alone(ContentHash::of(b"x"), 1);
        let mut lock = Lock::default();
        lock.add(LockedSkill::of(Layout::Claude, "jwt", "1.0.0", &folder, owners));
        lock
    }

    #[test]
    fn a_record_is_read_as_it_was_written() -> Result<(), String> {
        let text = lock().write()?;
        assert_eq!(Lock::read(&text)?, lock());
        assert_eq!(Lock::read(&text)?.write()?, text);
        Ok(())
    }

    #[test]
    fn an_entry_that_is_not_the_place_of_a_skill_spoils_the_record() -> Result<(), String> {
        let text = String::from_utf8(lock().write()?).map_err(|it| it.to_string())?;
        let (path, name) = ("\".claude/skills/jwt\"", "\"skill\": \"jwt\"");
        for (from, to) in [
            (path, "\"../jwt\""),
            (path, "\"/tmp/jwt\""),
            (path, "\".claude/skills/other\""),
            (path, "\".claude/skills/../../jwt\""),
            (path, "\".agents/skills/jwt\""),
            (name, "\"skill\": \"..\""),
            (name, "\"skill\": \"\""),
            (name, "\"skill\": \"a/b\""),
            ("\"claude\"", "\"elsewhere\""),
            ("\"tester\"", "\"a b\""),
            ("\"SKILL.md\"", "\"../SKILL.md\""),
            ("\"format\": 1", "\"format\": 2"),
        ] {
            let forged = text.replace(from, to);
            assert_ne!(forged, text, "{from}");
            assert!(Lock::read(forged.as_bytes()).is_err(), "{to}");
        }
        let both = text.replace("\"skill\": \"jwt\"", "\"skill\": \"..\"").replace("skills/jwt\"", "skills/..\"");
        assert!(Lock::read(both.as_bytes()).is_err());
        for garbage in ["", "[]", "{}", "null", "\u{0}", &"[".repeat(100_000)] {
            assert!(Lock::read(garbage.as_bytes()).is_err());
        }
        Ok(())
    }
}
