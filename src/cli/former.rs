//! Notes for those who still use the former name of a skill.

use super::context::Context;
use super::plural::counted;
use crate::model::{SkillName, Visible};

/// Maximum number of notes.
const NOTES: usize = 3;

impl Context {
    /// Notes by what name a skill was asked for, where the answer may come from a cache.
    pub(super) fn note_name(&self, asked: &SkillName, present: &str) {
        if asked.as_str() != present {
            self.former.note(asked.as_str(), present);
        }
    }

    /// Says what the skills are called now that were asked for by former names.
    pub(super) fn note_former_names(&self) {
        let notes = self.former.take();
        for (former, present) in notes.iter().take(NOTES) {
            self.output.note(&format!("\"{}\" is called \"{}\" now", Visible(former), Visible(present)));
        }
        if let Some(more) = notes.len().checked_sub(NOTES).filter(|it| *it > 0) {
            self.output.note(&format!("and {} more", counted(more, "former name")));
        }
    }
}
