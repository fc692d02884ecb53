//! The ports for writing, and how work is done in a transaction: once more where another writer came in between.

use super::{
    Durability, NewApproval, NewMapping, NewSkill, NewVersion, Result, SkillChange, Snapshot, Store, StoreError,
};
use crate::model::{ContentHash, Delivery, Failures, OpenUse, Outcome, SkillId, Usage};

/// Reading and writing that nobody else sees before it is committed. What it read is still so when it commits.
pub trait Transaction: Snapshot + CatalogueWrites + UsageWrites + Outbox {}

impl<T: Snapshot + CatalogueWrites + UsageWrites + Outbox> Transaction for T {}

/// Changes of skills, and of who gets them.
///
/// Promise: each call writes what it says and nothing else, and leaves the rest of a row as it is. A recorded version never changes
/// its bytes. What is added to a skill that is not there is refused; a change of what is not there changes nothing.
pub trait CatalogueWrites {
    /// Adds a skill and records its first version; refused where the name is taken.
    fn insert_skill(&mut self, skill: &NewSkill<'_>, version: &NewVersion<'_>) -> Result<SkillId>;
    /// Changes the fields that are given, and nothing else.
    fn update_skill(&mut self, skill: SkillId, change: &SkillChange<'_>) -> Result<()>;
    /// Makes other bytes the current version and records it. A version that is recorded with these bytes is completed, and who
    /// recorded it first stays, but for other programs; one that is recorded with others is refused.
    fn record_version(&mut self, skill: SkillId, version: &NewVersion<'_>) -> Result<()>;
    /// Adds what was read from a version's file, where nothing is known of it: another program recorded the version.
    fn describe_version(&mut self, version_id: i64, front_matter: Option<&str>) -> Result<()>;
    /// Stores bytes under their hash, in the place of others that may be there.
    fn store_content(&mut self, hash: &ContentHash, bytes: &[u8]) -> Result<()>;
    /// Records a decision about bytes, and who approved last where it is an approval.
    fn record_approval(&mut self, skill: SkillId, approval: &NewApproval<'_>) -> Result<()>;
    /// Adds a mapping where it is missing; says whether it was.
    fn add_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<bool>;
    /// Makes a mapping that is there what it is to be; whether it is enabled stays.
    fn change_mapping(&mut self, skill: SkillId, mapping: &NewMapping<'_>) -> Result<()>;
    /// Records which bytes a bootstrap skill has, once.
    fn bind_bootstrap(&mut self, name: &str, hash: &ContentHash) -> Result<()>;
}

/// Rows of the usage log.
///
/// Promise: a use is one row, and its event for the workflow database, where it has one, is queued with it.
pub trait UsageWrites {
    /// Writes one usage row, and queues it for the workflow database as [`Outbox`] says: one that
    /// [awaits its outcome](Usage::awaits_outcome) is delivered with it, or after ten minutes.
    fn log_usage(&mut self, usage: &Usage<'_>) -> Result<()>;
    /// Adds its outcome to a use, which is open no more; what was delivered without it is delivered as a change.
    fn complete_usage(&mut self, open: &OpenUse, phase: Option<&str>, outcome: &Outcome) -> Result<()>;
}

/// Queues events for the workflow database, and settles what became of them.
///
/// Promise: an event is queued in the transaction that makes it happen, so it is neither lost nor invented; only what the settings
/// say is queued, and only for a skill that was generated from a pattern. A delivery is named by its key, not by its place alone:
/// after a restore, another one may have that.
pub trait Outbox {
    /// Queues that a skill was deployed.
    fn announce_deployed(&mut self, skill: SkillId, now: &str) -> Result<()>;
    /// Queues that a skill has new bytes.
    fn announce_updated(&mut self, skill: SkillId, now: &str) -> Result<()>;
    /// Forgets what was delivered.
    fn forget_delivered(&mut self, delivery: &Delivery) -> Result<()>;
    /// Remembers that an attempt failed, unless the delivery is a dead letter by now.
    fn delivery_failed(&mut self, delivery: &Delivery, failures: &Failures) -> Result<()>;
    /// Makes a delivery a dead letter, with its reason.
    fn bury(&mut self, delivery: &Delivery, reason: &str, now: &str) -> Result<()>;
    /// Lets every dead letter wait again, as if it had never failed; how many there were.
    fn retry_dead_letters(&mut self) -> Result<usize>;
    /// Remembers until when the server is not tried, in seconds since 1970; `None`: it can be reached.
    fn back_off(&mut self, until: Option<i64>) -> Result<()>;
}

/// What is to be done in a transaction; it may have to be done again.
pub type Work<'a> = dyn FnMut(&mut dyn Transaction) -> Result<Conclusion> + 'a;

/// What becomes of a transaction whose work succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Everything is made durable, or nothing.
    Commit,
    /// Everything is undone.
    Undo,
}

/// Runs `work` in a transaction and commits it. An error of `work` undoes everything and is returned.
///
/// `work` runs again from the start where the database finds that another writer got in between (see [`Store::attempt`]). So
/// outside it changes only what a second run sets anew: it returns its results, and does not add to those of an earlier run.
pub fn write<T, E: From<StoreError>>(
    store: &mut dyn Store,
    durability: Durability,
    work: impl FnMut(&mut dyn Transaction) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    write_unless(false, store, durability, work)
}

/// The same; in a dry run everything is undone at the end, and the result is the one that a commit would have had.
pub fn write_unless<T, E: From<StoreError>>(
    dry_run: bool,
    store: &mut dyn Store,
    durability: Durability,
    mut work: impl FnMut(&mut dyn Transaction) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut last = None;
    store.attempt(durability, &mut |tx| {
        let result = work(tx);
        let ending = if dry_run || result.is_err() { Conclusion::Undo } else { Conclusion::Commit };
        last = Some(result);
        Ok(ending)
    })?;
    last.unwrap_or_else(|| Err(StoreError::Defect("a transaction ended without running its work").into()))
}
