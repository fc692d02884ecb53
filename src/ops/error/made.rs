//! Errors made of what the store says.

use super::Error;
use crate::model::{SkillEvent, SkillName, Visible};
use crate::store::Spelling;

impl Error {
    /// The name is that of another skill.
    pub(in crate::ops) fn taken(name: &SkillName, by: Spelling) -> Self {
        let former_of = Some(by.present).filter(|it| *it != by.name);
        Self::NameTaken { name: name.to_string(), other: by.name, former_of }
    }

    /// Bytes of this skill that the event refuses.
    pub(in crate::ops) fn revoked(name: String, by: &SkillEvent) -> Self {
        Self::Revoked {
            name,
            event: Visible(&by.event).to_string(),
            who: by.actor.clone(),
            when: by.created_at.as_ref().map(ToString::to_string),
            why: by.reason.clone(),
        }
    }
}
