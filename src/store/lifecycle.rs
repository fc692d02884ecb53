//! The ports for names, events and the removal of skills and bytes, with their parameters and results.

use super::Result;
use crate::model::{EventKind, Moment, SkillEvent, SkillId, SkillName, StoredJson};

/// The past of skills.
///
/// Promise: an event is of the transaction of the change that it tells of, so a revision covers both.
pub trait Lifecycle {
    /// Every name and former name that equals this one without regard to case, in the order of bytes; found as fast as
    /// a skill.
    fn spellings(&self, name: &SkillName) -> Result<Vec<Spelling>>;
    /// The former names of a skill, in the order of bytes.
    fn former_names(&self, skill: SkillId) -> Result<Vec<String>>;
    /// The events of a skill, newest first.
    fn events(&self, skill: SkillId) -> Result<Vec<SkillEvent>>;
    /// The events of skills that are gone and had this name at the time, newest first.
    fn events_of_gone(&self, name: &SkillName) -> Result<Vec<SkillEvent>>;
    /// The event by which these bytes are refused for every skill; `None` if there is none, or if this skill accepted
    /// them after it.
    fn refusal(&self, content_hash: &str, skill: Option<SkillId>) -> Result<Option<SkillEvent>>;
}

/// Changes of names, removal, and the record of both.
///
/// Promise: what is removed is removed with everything that belongs to it, and nothing else.
pub trait LifecycleWrites {
    /// Records an event.
    fn record_event(&mut self, event: &NewEvent<'_>) -> Result<()>;
    /// Gives a skill another name. The old one stays a former name; the new one is none any more. A bootstrap skill
    /// with the old name is renamed too. Refused if another skill has the name.
    fn rename_skill(&mut self, skill: SkillId, to: &SkillName, now: Moment) -> Result<()>;
    /// Removes a skill with its versions, decisions, mappings, former names and usage rows, and bytes that nothing else
    /// names. Sums of archived usage rows stay.
    fn delete_skill(&mut self, skill: SkillId) -> Result<DeletedRows>;
    /// Erases bytes, and what was derived from them: the front matter of their versions, and the assessments in
    /// decisions about them. The records of versions and decisions stay.
    fn erase_content(&mut self, content_hash: &str) -> Result<Erased>;
}

/// A name or former name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// The name.
    pub name: String,
    /// The skill.
    pub skill: SkillId,
    /// What the skill is called now.
    pub present: String,
}

/// An event to record.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// The skill.
    pub skill: SkillId,
    /// Its name.
    pub name: &'a str,
    /// What happened.
    pub event: EventKind,
    /// The version, where one is concerned.
    pub version: Option<&'a str>,
    /// The bytes, only where the event tells whether they are refused for every skill.
    pub content_hash: Option<&'a str>,
    /// What else there is to know.
    pub detail: Option<&'a StoredJson>,
    /// Who did it.
    pub actor: Option<&'a str>,
    /// The given reason.
    pub reason: Option<&'a str>,
    /// Now.
    pub now: Moment,
}

impl<'a> NewEvent<'a> {
    /// An event of a skill, about which there is nothing more to say yet.
    #[must_use]
    pub fn of(skill: SkillId, name: &'a str, event: EventKind, now: Moment) -> Self {
        Self { skill, name, event, version: None, content_hash: None, detail: None, actor: None, reason: None, now }
    }
}

/// What a deletion removed besides the skill.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeletedRows {
    /// Versions.
    pub versions: usize,
    /// Decisions.
    pub decisions: usize,
    /// Mappings.
    pub mappings: usize,
    /// Usage rows.
    pub usage_rows: usize,
    /// Contents.
    pub contents: usize,
}

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// The number of bytes; `None` if they were not stored.
    pub size_bytes: Option<u64>,
    /// Versions with front matter.
    pub front_matters: usize,
    /// Decisions with an assessment.
    pub assessments: usize,
}
