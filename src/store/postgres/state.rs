//! A transaction: what its ports read and write is in the files of the nouns.

use super::session::Session;
use crate::model::SkillName;
use crate::settings::Queued;
use crate::store::{Claims, FormerNames, Result};

/// An open transaction, for reading or for writing; dropping it undoes it if it was not committed.
pub(super) struct State<'a> {
    pub(super) session: &'a Session,
    former: &'a FormerNames,
    pub(super) queued: Queued,
}

impl<'a> State<'a> {
    pub(super) fn new(session: &'a Session, former: &'a FormerNames, queued: Queued) -> Self {
        Self { session, former, queued }
    }

    /// Notes that a skill was found by a former name.
    pub(super) fn note(&self, asked: &SkillName, present: &str) {
        if asked.as_str() != present {
            self.former.note(asked.as_str(), present);
        }
    }
}

impl Claims for State<'_> {
    fn claim(&mut self, names: &[&str]) -> Result<()> {
        self.session.claim(names.iter().map(|it| (*it).to_owned()).collect())
    }
}

impl Drop for State<'_> {
    fn drop(&mut self) {
        self.session.undo();
    }
}
