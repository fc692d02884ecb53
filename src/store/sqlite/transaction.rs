//! The contract's methods; each delegates to the file of its noun, which has the SQL.

use std::cell::{Cell, OnceCell};

use jiff::civil::Date;
use rusqlite::{Connection, TransactionBehavior};

use super::failure::Place;
use super::identity::Identity;
use super::rollups::Sums;
use super::{
    approvals, archived_parts, beginnings, bootstrap, candidates, cells, contents, files, listing, mappings, names,
    origins, reports, revisions, rollups, searching, skills, usage, versions,
};
use crate::model::{
    AgentType, Approval, ApprovalLevel, Bootstrap, Candidate, DecisionTime, ListedSkill, Mapping, OpenUse, OriginUses,
    Review, Revision, Skill, SkillId, SkillName, StoredFile, StoredJson, Tables, UsageCell, UsageRow, UsedSkill,
    VersionBytes, VersionRecord, Waiting,
};
use crate::settings::Queued;
use crate::store::{
    AgentTypeCounts, ArchivedPart, Catalogue, Claims, Days, FormerNames, Holder, LatestDecision, Mappings, NameKind,
    Reports, Result, Revisions, Searchable, Searching, Serving, SilentMapping, SkillFilter, SkillOrder, Unstored,
    UsageFilter, UsageLog,
};

/// An open transaction; dropping it rolls back.
pub(super) struct SqliteTransaction<'a> {
    pub(super) inner: rusqlite::Transaction<'a>,
    place: &'a Place,
    pub(super) queued: Queued,
    watched: Option<&'a Cell<Option<i64>>>,
    identity: Option<&'a Identity>,
    pub(super) former: Option<&'a FormerNames>,
    /// The source of this snapshot's figures, determined on first use, and again after a write to the log.
    pub(super) sums: OnceCell<Sums>,
    /// Whether it was told what came of a use.
    pub(super) told: bool,
}

impl<'a> SqliteTransaction<'a> {
    pub(super) fn begin(connection: &'a mut Connection, place: &'a Place, how: TransactionBehavior) -> Result<Self> {
        let inner = connection.transaction_with_behavior(how).map_err(|error| place.fail(&error))?;
        let (sums, queued) = (OnceCell::new(), Queued::Nothing);
        Ok(Self { inner, place, queued, watched: None, identity: None, former: None, sums, told: false })
    }

    /// Queues the events of generated skills for the workflow database, if `on`.
    pub(super) fn queueing(self, queued: Queued) -> Self {
        Self { queued, ..self }
    }

    /// Remembers in `watched` the schema for which all triggers were found, so that they are not checked again.
    pub(super) fn watching(self, watched: &'a Cell<Option<i64>>) -> Self {
        Self { watched: Some(watched), ..self }
    }

    /// Commits only while the path still names this file.
    pub(super) fn of(self, identity: Option<&'a Identity>) -> Self {
        Self { identity, ..self }
    }

    /// Makes it all durable; dropping it undoes everything.
    pub(super) fn commit(self) -> Result<()> {
        self.keep_tail_short()?;
        self.identity.map_or(Ok(()), Identity::require_same_file)?;
        let (place, identity) = (self.place, self.identity);
        self.inner.commit().map_err(|error| place.fail_commit(&error))?;
        identity.into_iter().for_each(Identity::was_written_here);
        Ok(())
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.inner
    }

    fn sums(&self) -> Result<Sums> {
        if let Some(sums) = self.sums.get() {
            return Ok(*sums);
        }
        let sums = self.say(rollups::exact(&self.inner))?;
        Ok(*self.sums.get_or_init(|| sums))
    }

    /// Occasionally folds in the tail after recording outcomes, so that no report has to do a lot of work.
    fn keep_tail_short(&self) -> Result<()> {
        if self.told { self.say(rollups::fold_short_tail(&self.inner)) } else { Ok(()) }
    }

    pub(super) fn say<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        let value = result.map_err(|error| match self.inner.is_readonly(rusqlite::MAIN_DB) {
            Ok(false) => self.place.fail_write(&error),
            _ => self.place.fail(&error),
        })?;
        self.place.require_unchanged().map(|()| value)
    }
}

impl Claims for SqliteTransaction<'_> {
    /// There is one writer at a time, whatever it is about.
    fn claim(&mut self, _names: &[&str]) -> Result<()> {
        Ok(())
    }
}

impl Revisions for SqliteTransaction<'_> {
    fn revision(&self, of: Tables) -> Result<Option<Revision>> {
        self.say(revisions::revision(&self.inner, of, self.watched))
    }
}

impl Serving for SqliteTransaction<'_> {
    fn candidates(&self, agent_type: &AgentType) -> Result<Vec<Candidate>> {
        self.say(candidates::of(&self.inner, agent_type))
    }

    fn bootstrap(&self) -> Result<Vec<Bootstrap>> {
        self.say(bootstrap::enabled(&self.inner))
    }

    fn latest_pass_rate(&self, skill: SkillId) -> Result<Option<f64>> {
        self.say(usage::latest_pass_rate(&self.inner, skill))
    }

    fn front_matter(&self, skill: SkillId, version: &str) -> Result<Option<StoredJson>> {
        self.say(versions::front_matter(&self.inner, skill, version))
    }

    fn files(&self, skill: SkillId, version: &str) -> Result<Vec<StoredFile>> {
        self.say(files::of(&self.inner, skill, version))
    }

    fn content(&self, hash: &str) -> Result<Option<Vec<u8>>> {
        self.say(contents::bytes(&self.inner, hash))
    }
}

impl Searching for SqliteTransaction<'_> {
    fn searchable(&self, each: &mut dyn FnMut(Searchable)) -> Result<()> {
        self.say(searching::all(&self.inner, each))
    }

    fn searchable_skill(&self, skill: SkillId) -> Result<Option<Searchable>> {
        self.say(searching::one(&self.inner, skill))
    }
}

impl Catalogue for SqliteTransaction<'_> {
    fn skill(&self, name: &SkillName) -> Result<Option<Skill>> {
        let found = self.say(skills::find(&self.inner, name))?;
        if let Some(skill) = &found {
            self.note(name, &skill.name);
        }
        Ok(found)
    }

    fn list(&self, filter: &SkillFilter) -> Result<Vec<ListedSkill>> {
        let sums = if filter.page.order == SkillOrder::Uses { Some(self.sums()?) } else { None };
        self.say(listing::list(&self.inner, filter, sums))
    }

    fn versions(&self, skill: SkillId) -> Result<Vec<VersionRecord>> {
        self.say(versions::of(&self.inner, skill))
    }

    fn version_bytes(&self, skill: SkillId) -> Result<Vec<VersionBytes>> {
        self.say(versions::bytes_of(&self.inner, skill))
    }

    fn approvals(&self, skill: SkillId) -> Result<Vec<Approval>> {
        self.say(approvals::of(&self.inner, skill))
    }

    fn latest_decision(
        &self,
        skill: SkillId,
        content_hash: &str,
        folder_hash: Option<&str>,
    ) -> Result<Option<LatestDecision>> {
        self.say(approvals::latest(&self.inner, skill, content_hash, folder_hash))
    }

    fn review(&self, skill: SkillId) -> Result<Review> {
        self.say(skills::review_of(&self.inner, skill))
    }

    fn holders(&self, hash: &str) -> Result<Vec<Holder>> {
        self.say(versions::holders(&self.inner, hash))
    }

    fn unstored(&self) -> Result<Vec<Unstored>> {
        self.say(contents::unstored(&self.inner))
    }

    fn names(&self, of: NameKind) -> Result<Vec<String>> {
        self.say(match of {
            NameKind::Skill => names::all(&self.inner),
            NameKind::FormerName => names::all_former(&self.inner),
            NameKind::AgentType => mappings::agent_types(&self.inner),
        })
    }

    fn names_beginning(&self, of: NameKind, with: &str, most: usize) -> Result<Vec<String>> {
        self.say(beginnings::names(&self.inner, of, with, most))
    }
}

impl Mappings for SqliteTransaction<'_> {
    fn mappings(&self, skill: SkillId) -> Result<Vec<Mapping>> {
        self.say(mappings::of(&self.inner, skill))
    }

    fn agent_types(&self) -> Result<Vec<AgentTypeCounts>> {
        self.say(mappings::counts(&self.inner))
    }

    fn silent_mappings(&self, agent_type: &AgentType) -> Result<Vec<SilentMapping>> {
        self.say(mappings::silent(&self.inner, agent_type))
    }

    fn agent_types_near(&self, name: &AgentType) -> Result<Vec<String>> {
        self.say(mappings::agent_types_near(&self.inner, name))
    }
}

impl UsageLog for SqliteTransaction<'_> {
    fn used(&self, name: &SkillName, agent_type: &AgentType) -> Result<Option<UsedSkill>> {
        let found = self.say(usage::used(&self.inner, name, agent_type))?;
        Ok(found.map(|(used, present)| {
            self.note(name, &present);
            used
        }))
    }

    fn open_use(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<OpenUse>> {
        self.say(usage::open(&self.inner, skill, agent_id, task_id))
    }

    fn got(&self, skill: SkillId, agent_id: &str, task_id: &str) -> Result<Option<(String, String)>> {
        self.say(usage::got(&self.inner, skill, agent_id, task_id))
    }

    fn usage_rows(&self, filter: &UsageFilter<'_>, most: usize) -> Result<Vec<UsageRow>> {
        self.say(usage::rows(&self.inner, filter, most))
    }

    fn archived_parts(&self, filter: &UsageFilter<'_>) -> Result<Vec<ArchivedPart>> {
        self.say(archived_parts::of_uses(&self.inner, filter))
    }

    fn skill_names(&self, skills: &[SkillId]) -> Result<Vec<(SkillId, String)>> {
        self.say(archived_parts::skill_names(&self.inner, skills))
    }

    fn usage_cells(&self, days: Option<Days>) -> Result<Vec<UsageCell>> {
        self.say(cells::cells(&self.inner, days, self.sums()?))
    }

    fn uses_by_origin(&self, days: Days, agent_type: Option<&str>, category: Option<&str>) -> Result<Vec<OriginUses>> {
        self.say(origins::uses(&self.inner, days, agent_type, category))
    }

    fn uses_by_day(&self, days: Option<Days>, most: usize) -> Result<Vec<(Date, i64)>> {
        self.say(cells::by_day(&self.inner, days, self.sums()?, most))
    }
}

impl Reports for SqliteTransaction<'_> {
    fn decision_times(&self, days: Option<Days>, category: Option<&str>) -> Result<Vec<DecisionTime>> {
        self.say(reports::decision_times(&self.inner, days, category))
    }

    fn waiting(&self, category: Option<&str>) -> Result<Vec<Waiting>> {
        self.say(reports::waiting(&self.inner, category))
    }

    fn levels(&self, category: Option<&str>) -> Result<Vec<(ApprovalLevel, String, i64)>> {
        self.say(reports::levels(&self.inner, category))
    }

    fn active_skills(&self, category: Option<&str>) -> Result<Vec<(SkillId, String)>> {
        self.say(reports::active_skills(&self.inner, category))
    }
}
