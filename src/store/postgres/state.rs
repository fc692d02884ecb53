//! A transaction: what its ports read and write is in the files of the nouns.

use std::cell::RefCell;
use std::collections::HashMap;

use super::session::Session;
use crate::model::{Bootstrap, SkillName};
use crate::settings::Queued;
use crate::store::{Claims, FormerNames, Result};

/// An open transaction, for reading or for writing; dropping it undoes it if it was not committed.
pub(super) struct State<'a> {
    pub(super) session: &'a Session,
    former: &'a FormerNames,
    pub(super) queued: Queued,
    /// What was read in the same round trip as something else; writes end it.
    pub(super) read_ahead: RefCell<ReadAhead>,
}

/// Rows that a later call will ask for.
#[derive(Default)]
pub(super) struct ReadAhead {
    pub(super) bootstrap: Option<Vec<Bootstrap>>,
    /// By their hashes.
    pub(super) contents: HashMap<String, Vec<u8>>,
}

impl<'a> State<'a> {
    pub(super) fn new(session: &'a Session, former: &'a FormerNames, queued: Queued) -> Self {
        Self { session, former, queued, read_ahead: RefCell::default() }
    }

    /// Forgets what was read ahead, before a write to it.
    pub(super) fn forget_ahead(&mut self) {
        self.read_ahead.take();
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
