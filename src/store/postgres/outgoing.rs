//! A transaction's part of the contract about the outbox.

use jiff::Timestamp;

use super::outbox;
use super::state::State;
use crate::model::{Delivery, Failures, Moment, SkillId};
use crate::settings::Queued;
use crate::store::{Due, Outbox, OutboxStatus, OutboxSummary, Result, Undelivered};

impl OutboxStatus for State<'_> {
    fn is_anything_due(&self, due: Due) -> Result<bool> {
        outbox::is_anything_due(self.session, due)
    }

    fn waiting_deliveries(&self, after: i64, most: usize) -> Result<Vec<Delivery>> {
        outbox::waiting(self.session, after, most)
    }

    fn outbox_summary(&self) -> Result<OutboxSummary> {
        outbox::summary(self.session)
    }

    fn dead_letters(&self, most: usize) -> Result<Vec<Undelivered>> {
        outbox::dead_letters(self.session, most)
    }

    fn failing_deliveries(&self, most: usize) -> Result<Vec<Undelivered>> {
        outbox::failing(self.session, most)
    }

    fn backoff_until(&self) -> Result<Option<Timestamp>> {
        outbox::backoff_until(self.session)
    }
}

impl Outbox for State<'_> {
    fn announce_deployed(&mut self, skill: SkillId, now: Moment) -> Result<()> {
        if self.queued == Queued::Nothing { Ok(()) } else { outbox::deployed(self.session, skill, now) }
    }

    fn announce_updated(&mut self, skill: SkillId, now: Moment) -> Result<()> {
        if self.queued == Queued::Everything { outbox::updated(self.session, skill, now) } else { Ok(()) }
    }

    fn forget_delivered(&mut self, delivery: &Delivery) -> Result<()> {
        outbox::delivered(self.session, delivery)
    }

    fn delivery_failed(&mut self, delivery: &Delivery, failures: &Failures) -> Result<()> {
        outbox::failed(self.session, delivery, failures)
    }

    fn bury(&mut self, delivery: &Delivery, reason: &str, now: Moment) -> Result<()> {
        outbox::dead_letter(self.session, delivery, reason, now)
    }

    fn retry_dead_letters(&mut self) -> Result<usize> {
        outbox::retry(self.session)
    }

    fn back_off(&mut self, until: Option<Timestamp>) -> Result<()> {
        outbox::back_off(self.session, until)
    }
}
