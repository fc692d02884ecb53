//! A transaction's part of the contract about uses and the outbox.

use jiff::Timestamp;

use super::transaction::SqliteTransaction;
use super::{outbox, usage};
use crate::model::{Delivery, Failures, Moment, OpenUse, Outcome, SkillId, Usage};
use crate::settings::Queued;
use crate::store::{Due, Outbox, OutboxStatus, OutboxSummary, Result, Undelivered, UsageWrites};

impl OutboxStatus for SqliteTransaction<'_> {
    fn is_anything_due(&self, due: Due) -> Result<bool> {
        self.say(outbox::is_anything_due(&self.inner, due))
    }

    fn waiting_deliveries(&self, after: i64, most: usize) -> Result<Vec<Delivery>> {
        self.say(outbox::waiting(&self.inner, after, most))
    }

    fn outbox_summary(&self) -> Result<OutboxSummary> {
        self.say(outbox::summary(&self.inner))
    }

    fn dead_letters(&self, most: usize) -> Result<Vec<Undelivered>> {
        self.say(outbox::dead_letters(&self.inner, most))
    }

    fn failing_deliveries(&self, most: usize) -> Result<Vec<Undelivered>> {
        self.say(outbox::failing(&self.inner, most))
    }

    fn backoff_until(&self) -> Result<Option<Timestamp>> {
        self.say(outbox::backoff_until(&self.inner))
    }
}

impl Outbox for SqliteTransaction<'_> {
    fn announce_deployed(&mut self, skill: SkillId, now: Moment) -> Result<()> {
        if self.queued == Queued::Nothing { Ok(()) } else { self.say(outbox::deployed(&self.inner, skill, now)) }
    }

    fn announce_updated(&mut self, skill: SkillId, now: Moment) -> Result<()> {
        if self.queued == Queued::Everything { self.say(outbox::updated(&self.inner, skill, now)) } else { Ok(()) }
    }

    fn forget_delivered(&mut self, delivery: &Delivery) -> Result<()> {
        self.say(outbox::delivered(&self.inner, delivery))
    }

    fn delivery_failed(&mut self, delivery: &Delivery, failures: &Failures) -> Result<()> {
        self.say(outbox::failed(&self.inner, delivery, failures))
    }

    fn bury(&mut self, delivery: &Delivery, reason: &str, now: Moment) -> Result<()> {
        self.say(outbox::dead_letter(&self.inner, delivery, reason, now))
    }

    fn retry_dead_letters(&mut self) -> Result<usize> {
        self.say(outbox::retry(&self.inner))
    }

    fn back_off(&mut self, until: Option<Timestamp>) -> Result<()> {
        self.say(outbox::back_off(&self.inner, until))
    }
}

impl UsageWrites for SqliteTransaction<'_> {
    fn log_usage(&mut self, row: &Usage<'_>) -> Result<()> {
        self.sums.take();
        self.told |= row.outcome.is_some();
        let all = self.queued == Queued::Everything;
        let queued = if all { self.say(outbox::executed(&self.inner, row))? } else { None };
        let open = row.awaits_outcome().then(|| queued.unwrap_or_default());
        self.say(usage::log(&self.inner, row, open.as_deref()))
    }

    fn complete_usage(&mut self, open: &OpenUse, phase: Option<&str>, outcome: &Outcome) -> Result<()> {
        self.sums.take();
        self.told = true;
        self.say(usage::complete(&self.inner, open.id, phase, outcome))?;
        self.say(outbox::completed(&self.inner, open, outcome, self.queued == Queued::Everything))
    }
}
