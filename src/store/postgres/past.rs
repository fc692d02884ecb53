//! A transaction's part of the contract about names, events and removal.

use super::state::State;
use super::{events, names, removal};
use crate::model::{Moment, SkillEvent, SkillId, SkillName};
use crate::store::{DeletedRows, Erased, Lifecycle, LifecycleWrites, NewEvent, Result, Spelling};

impl Lifecycle for State<'_> {
    fn spellings(&self, name: &SkillName) -> Result<Vec<Spelling>> {
        names::spellings(self.session, name.as_str())
    }

    fn former_names(&self, skill: SkillId) -> Result<Vec<String>> {
        names::former(self.session, skill)
    }

    fn events(&self, skill: SkillId) -> Result<Vec<SkillEvent>> {
        events::of(self.session, skill)
    }

    fn events_of_gone(&self, name: &SkillName) -> Result<Vec<SkillEvent>> {
        events::of_gone(self.session, name)
    }

    fn refusal(&self, content_hash: &str, skill: Option<SkillId>) -> Result<Option<SkillEvent>> {
        events::refusal(self.session, content_hash, skill)
    }
}

impl LifecycleWrites for State<'_> {
    fn record_event(&mut self, event: &NewEvent<'_>) -> Result<()> {
        events::record(self.session, event)
    }

    fn rename_skill(&mut self, skill: SkillId, to: &SkillName, now: Moment) -> Result<()> {
        names::rename(self.session, skill, to.as_str(), now)
    }

    fn delete_skill(&mut self, skill: SkillId) -> Result<DeletedRows> {
        removal::delete_skill(self.session, skill)
    }

    fn erase_content(&mut self, content_hash: &str) -> Result<Erased> {
        removal::erase(self.session, content_hash)
    }
}
