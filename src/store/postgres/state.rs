//! A transaction: what its ports read and write is in the files of the nouns.

use std::cell::{Ref, RefCell};
use std::collections::HashMap;

use super::session::Session;
use crate::model::{SkillId, SkillName, StoredFile, StoredJson};
use crate::settings::Queued;
use crate::store::{Claims, FormerNames, Result};

/// An open transaction, for reading or for writing; dropping it undoes it if it was not committed.
pub(super) struct State<'a> {
    pub(super) session: &'a Session,
    former: &'a FormerNames,
    pub(super) queued: Queued,
    read_ahead: RefCell<ReadAhead>,
}

/// What was read in the same round trip as something else, because a later call will ask for it.
#[derive(Default)]
pub(super) struct ReadAhead {
    /// By their hashes.
    pub(super) contents: HashMap<String, Vec<u8>>,
    /// The files of versions.
    pub(super) files: HashMap<(SkillId, String), Vec<StoredFile>>,
    /// The front matter of versions.
    pub(super) front_matters: HashMap<(SkillId, String), Option<StoredJson>>,
}

impl<'a> State<'a> {
    pub(super) fn new(session: &'a Session, former: &'a FormerNames, queued: Queued) -> Self {
        Self { session, former, queued, read_ahead: RefCell::default() }
    }

    pub(super) fn keep_ahead(&self, ahead: ReadAhead) {
        self.read_ahead.replace(ahead);
    }

    /// What was read ahead, of which a write is the end.
    pub(super) fn ahead(&self) -> Option<Ref<'_, ReadAhead>> {
        (!self.session.ahead.has_written()).then(|| self.read_ahead.borrow())
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
