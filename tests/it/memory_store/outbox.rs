//! Events that are queued for the workflow database.

use cfn::model::{Changed, Delivery, Event, Execution, Failures, Moment, OpenUse, Outcome, SkillId, StoredTime, Usage};
use cfn::store::{Due, OutboxSummary, Undelivered};
use jiff::{SignedDuration, Timestamp};

use super::tables::{Queued, Tables, UsageEntry, next};

/// How long a delivery waits for the outcome of its use.
const HOLD: SignedDuration = SignedDuration::from_mins(10);

impl Queued {
    fn waits(&self) -> bool {
        self.dead.is_none()
    }

    /// Whether it may be delivered. A clock that was set back does not hold it up for longer than it was to be.
    fn can_go(&self, now: Timestamp) -> bool {
        self.waits() && !self.is_held(now)
    }

    fn is_held(&self, now: Timestamp) -> bool {
        self.held_until.is_some_and(|until| now < until && until <= now + HOLD)
    }

    fn undelivered(&self, id: i64, (failed_at, reason): (StoredTime, String)) -> Undelivered {
        let created_at = Some(self.created_at.clone());
        let kind = self.event.kind().to_owned();
        Undelivered { id, pattern_id: self.pattern_id, kind, created_at, failed_at, reason }
    }
}

impl Tables {
    /// Queues an event, where the skill was generated from a pattern; its place and its key.
    fn queue(&mut self, skill: SkillId, key: String, event: Event, now: StoredTime) -> Option<i64> {
        let pattern_id = self.skills.get(&skill)?.skill.phase4_pattern_id?;
        let id = next(&mut self.last.outbox);
        let created_at = now;
        let queued = Queued { key, pattern_id, event, created_at, dead: None, failures: None, held_until: None };
        self.outbox.insert(id, queued);
        Some(id)
    }

    pub(super) fn queue_deployed(&mut self, skill_id: SkillId, key: String, now: Moment) {
        let timestamp = StoredTime::from(now);
        self.queue(skill_id, key, Event::Deployed(Changed { skill_id, timestamp }), now.into());
    }

    pub(super) fn queue_updated(&mut self, skill_id: SkillId, key: String, now: Moment) {
        let timestamp = StoredTime::from(now);
        self.queue(skill_id, key, Event::Updated(Changed { skill_id, timestamp }), now.into());
    }

    /// Queues a use; what names its delivery, where it was queued.
    pub(super) fn queue_use(&mut self, usage: &Usage<'_>, key: &str) -> Option<String> {
        let event = Event::Execution(execution(
            usage.agent_type,
            usage.task_id,
            usage.loaded_at.as_str(),
            &usage.outcome.unwrap_or_default(),
        ));
        let id = self.queue(usage.skill_id, key.to_owned(), event, usage.loaded_at.into())?;
        if usage.awaits_outcome() {
            self.outbox.entry(id).and_modify(|it| it.held_until = Some(Timestamp::now() + HOLD));
        }
        Some(format!("{id} {key}"))
    }

    /// Queues the outcome of a use: with the use itself while nobody can have read that, else as a change of it. A use that was
    /// not queued is now, if `everything` is.
    pub(super) fn queue_outcome(&mut self, open: &OpenUse, entry: &UsageEntry, key: String, everything: bool) {
        let whole = execution(&entry.agent_type, entry.task_id.as_deref(), &entry.loaded_at, &entry.outcome);
        let Some((id, named)) = open.key.split_once(' ') else {
            if everything {
                self.queue(entry.skill, key, Event::Execution(whole), entry.loaded_at.clone().into());
            }
            return;
        };
        let unread = id.parse().ok().and_then(|id: i64| self.outbox.get_mut(&id)).filter(|it| it.key == named);
        match unread.filter(|it| !it.waits() || it.is_held(Timestamp::now())) {
            Some(queued) => {
                queued.event = Event::Execution(whole);
                queued.held_until = None;
            }
            None => {
                self.queue(
                    entry.skill,
                    format!("{named}/completed"),
                    Event::Completed(whole),
                    entry.loaded_at.clone().into(),
                );
            }
        }
    }

    pub(super) fn is_anything_due(&self, due: Due) -> bool {
        let (now, recent) = (Timestamp::now(), due.failed_since.as_str()..=due.now.as_str());
        let rests = |it: &Failures| recent.contains(&it.last.as_str());
        self.outbox.values().any(|it| it.can_go(now) && !it.failures.as_ref().is_some_and(rests))
    }

    pub(super) fn waiting_deliveries(&self, after: i64, most: usize) -> Vec<Delivery> {
        let now = Timestamp::now();
        let waiting = self.outbox.iter().filter(|(id, it)| **id > after && it.can_go(now));
        waiting
            .take(most)
            .map(|(id, it)| Delivery {
                id: *id,
                key: it.key.clone(),
                pattern_id: it.pattern_id,
                event: Ok(it.event.clone()),
                failures: it.failures.clone(),
            })
            .collect()
    }

    pub(super) fn outbox_summary(&self) -> OutboxSummary {
        let count = |which: &dyn Fn(&&Queued) -> bool| self.outbox.values().filter(which).count() as u64;
        OutboxSummary {
            waiting: count(&|it| it.waits()),
            failing: count(&|it| it.waits() && it.failures.is_some()),
            dead_letters: count(&|it| !it.waits()),
            oldest: self.outbox.values().find(|it| it.waits()).map(|it| it.created_at.clone()),
        }
    }

    pub(super) fn dead_letters(&self, most: usize) -> Vec<Undelivered> {
        self.outbox.iter().filter_map(|(id, it)| Some(it.undelivered(*id, it.dead.clone()?))).take(most).collect()
    }

    pub(super) fn failing_deliveries(&self, most: usize) -> Vec<Undelivered> {
        let failed = |it: &Failures| {
            let text = it.to_string();
            (it.last.clone(), text[it.last.as_str().len() + 1..].to_owned())
        };
        let failing = self.outbox.iter().filter(|(_, it)| it.waits());
        failing.filter_map(|(id, it)| Some(it.undelivered(*id, failed(it.failures.as_ref()?)))).take(most).collect()
    }

    /// The row that a delivery was read from. After a restore, another one may have its place.
    pub(super) fn queued(&mut self, delivery: &Delivery) -> Option<&mut Queued> {
        self.outbox.get_mut(&delivery.id).filter(|it| it.key == delivery.key)
    }

    pub(super) fn forget_delivered(&mut self, delivery: &Delivery) {
        if self.queued(delivery).is_some() {
            self.outbox.remove(&delivery.id);
        }
    }

    pub(super) fn retry_dead_letters(&mut self) -> usize {
        let mut retried = 0;
        for queued in self.outbox.values_mut().filter(|it| it.dead.is_some()) {
            (queued.dead, queued.failures) = (None, None);
            retried += 1;
        }
        retried
    }
}

fn execution(agent_type: &str, task_id: Option<&str>, at: &str, outcome: &Outcome) -> Execution {
    Execution {
        team_id: agent_type.to_owned(),
        task_id: task_id.map(str::to_owned),
        execution_time_ms: outcome.execution_ms,
        exit_code: outcome.exit_code,
        cost_avoided_usd: outcome.cost_avoided_usd,
        tokens_avoided: outcome.tokens_avoided,
        timestamp: at.to_owned().into(),
    }
}
