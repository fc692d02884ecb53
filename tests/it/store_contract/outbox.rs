//! Events that are queued for the workflow database, and their outcomes.

use cfn::model::ApprovalLevel::Auto;
use cfn::model::{Changed, Delivery, Event, Execution, Failures, Outcome, SkillId, Usage};
use cfn::settings::Queued;
use cfn::store::{Due, OutboxSummary, SkillChange, Store, Transaction, Undelivered};
use jiff::Timestamp;

use super::{Backend, NOW, at, commit, insert, usage};

/// A skill that was generated from pattern 7.
fn generated(tx: &mut dyn Transaction, name: &str) -> SkillId {
    let skill = insert(tx, name, name.as_bytes(), Auto);
    let change = SkillChange { phase4_pattern_id: Some(7), ..SkillChange::at(at(NOW)) };
    tx.update_skill(skill, &change).expect("changed");
    skill
}

fn deliveries(store: &mut dyn Store) -> Vec<Delivery> {
    store.read().expect("a snapshot").waiting_deliveries(0, 99).expect("a read")
}

fn kinds(store: &mut dyn Store) -> Vec<&'static str> {
    deliveries(store).into_iter().map(|it| it.event.expect("an event").kind()).collect()
}

pub(crate) fn only_what_is_asked_for_is_queued(backend: &dyn Backend) {
    for (queued, expected) in [
        (Queued::Nothing, &[][..]),
        (Queued::Deployments, &["deployed"]),
        (Queued::Everything, &["deployed", "deployed", "updated", "execution"]),
    ] {
        let mut store = backend.open_queueing(queued);
        commit(store.as_mut(), |tx| {
            let skill = generated(tx, &format!("skill-{queued:?}"));
            tx.announce_deployed(skill, at(NOW)).expect("queued");
            tx.announce_updated(skill, at(NOW)).expect("queued");
            tx.log_usage(&usage(skill)).expect("logged");
        });
        assert_eq!(kinds(store.as_mut()), expected, "{queued:?}, after what was queued before");
    }
}

pub(crate) fn nothing_is_queued_for_a_skill_of_no_pattern(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        tx.announce_deployed(skill, at(NOW)).expect("queued");
        tx.announce_updated(skill, at(NOW)).expect("queued");
        tx.log_usage(&usage(skill)).expect("logged");
    });
    assert_eq!(deliveries(store.as_mut()), []);
    assert_eq!(store.read().expect("a snapshot").outbox_summary().expect("a read"), OutboxSummary::default());
}

pub(crate) fn a_delivery_says_what_happened_in_order(backend: &dyn Backend) {
    let mut store = backend.open();
    let outcome = Outcome { execution_ms: Some(4), exit_code: Some(1), ..Outcome::default() };
    let skill_id = commit(store.as_mut(), |tx| {
        let skill = generated(tx, "jwt");
        tx.announce_deployed(skill, at(NOW)).expect("queued");
        tx.log_usage(&Usage { outcome: Some(outcome), task_id: Some("t"), ..usage(skill) }).expect("logged");
        tx.announce_updated(skill, at("2026-02-01 00:00:00")).expect("queued");
        skill
    });
    let execution = Execution {
        team_id: "dev".to_owned(),
        task_id: Some("t".to_owned()),
        execution_time_ms: Some(4),
        exit_code: Some(1),
        cost_avoided_usd: None,
        tokens_avoided: None,
        timestamp: NOW.to_owned().into(),
    };
    let changed = |timestamp: &str| Changed { skill_id, timestamp: timestamp.to_owned().into() };
    let waiting = deliveries(store.as_mut());
    let events: Vec<_> = waiting.iter().map(|it| it.event.clone().expect("an event")).collect();
    assert_eq!(
        events,
        [Event::Deployed(changed(NOW)), Event::Execution(execution), Event::Updated(changed("2026-02-01 00:00:00"))]
    );
    assert!(waiting.iter().all(|it| it.pattern_id == 7 && it.failures.is_none()));
    assert!(waiting.is_sorted_by(|a, b| a.id < b.id));
    let mut keys: Vec<&str> = waiting.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 3, "each has a key of its own");
    let snapshot = store.read().expect("a snapshot");
    let page = |after, most| snapshot.waiting_deliveries(after, most).expect("a read");
    assert_eq!((page(0, 2), page(waiting[0].id, 9)), (waiting[..2].to_vec(), waiting[1..].to_vec()));
    let oldest = Some(NOW.to_owned().into());
    let summary = OutboxSummary { waiting: 3, failing: 0, dead_letters: 0, oldest };
    assert_eq!(snapshot.outbox_summary().expect("a read"), summary);
}

fn due(store: &mut dyn Store) -> bool {
    let due = Due { failed_since: at("2026-01-31 11:55:00"), now: at(NOW) };
    store.read().expect("a snapshot").is_anything_due(due).expect("a read")
}

pub(crate) fn a_use_that_awaits_its_outcome_is_delivered_once_with_it(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let skill = generated(tx, "jwt");
        tx.log_usage(&Usage { task_id: Some("t"), outcome: None, ..usage(skill) }).expect("logged");
        skill
    });
    assert_eq!(deliveries(store.as_mut()), []);
    assert!(!due(store.as_mut()));
    let summary = store.read().expect("a snapshot").outbox_summary().expect("a read");
    assert_eq!(summary.waiting, 1, "but it waits");
    complete(store.as_mut(), skill);
    let events: Vec<_> = deliveries(store.as_mut()).into_iter().map(|it| it.event).collect();
    assert!(matches!(&events[..], [Ok(Event::Execution(it))] if it.exit_code == Some(3)), "{events:?}");
    assert!(due(store.as_mut()));
}

fn complete(store: &mut dyn Store, skill: SkillId) {
    commit(store, |tx| {
        let open = tx.open_use(skill, "a1", "t").expect("a read").expect("an open use");
        let outcome = Outcome { exit_code: Some(3), ..Outcome::default() };
        tx.complete_usage(&open, None, &outcome).expect("completed");
    });
}

pub(crate) fn an_outcome_of_a_use_that_was_not_queued_is_queued_with_it_or_never(backend: &dyn Backend) {
    for (queued, expected) in [(Queued::Deployments, 0), (Queued::Everything, 1)] {
        let mut store = backend.open_queueing(Queued::Nothing);
        let skill = commit(store.as_mut(), |tx| {
            let skill = generated(tx, &format!("skill-{queued:?}"));
            tx.log_usage(&Usage { task_id: Some("t"), outcome: None, ..usage(skill) }).expect("logged");
            skill
        });
        let mut store = backend.open_queueing(queued);
        complete(store.as_mut(), skill);
        let executions = kinds(store.as_mut()).into_iter().filter(|it| *it == "execution");
        assert_eq!(executions.count(), expected, "{queued:?}");
    }
}

fn failures(last: &str, reason: &str) -> Failures {
    Failures::and(None, at(last), reason)
}

/// A store with three deliveries.
fn with_three(backend: &dyn Backend) -> (Box<dyn Store>, Vec<Delivery>) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = generated(tx, "jwt");
        for _ in 0..3 {
            tx.announce_deployed(skill, at(NOW)).expect("queued");
        }
    });
    let waiting = deliveries(store.as_mut());
    (store, waiting)
}

pub(crate) fn what_was_delivered_is_forgotten_and_nothing_else(backend: &dyn Backend) {
    let (mut store, all) = with_three(backend);
    // As after a restore: another delivery has the place of this one.
    let stranger = Delivery { key: "of another database".to_owned(), ..all[0].clone() };
    commit(store.as_mut(), |tx| {
        tx.forget_delivered(&stranger).expect("forgotten");
        tx.delivery_failed(&stranger, &failures(NOW, "no")).expect("noted");
        tx.bury(&stranger, "no", at(NOW)).expect("buried");
    });
    assert_eq!(deliveries(store.as_mut()), all);
    commit(store.as_mut(), |tx| tx.forget_delivered(&all[1]).expect("forgotten"));
    assert_eq!(deliveries(store.as_mut()), [all[0].clone(), all[2].clone()]);
}

pub(crate) fn a_delivery_that_failed_waits_and_remembers_why(backend: &dyn Backend) {
    let (mut store, all) = with_three(backend);
    let failed = Failures::and(Some(&failures(NOW, "first")), at(NOW), "it took too long");
    commit(store.as_mut(), |tx| tx.delivery_failed(&all[1], &failed).expect("noted"));
    let again = deliveries(store.as_mut());
    assert_eq!(again[1], Delivery { failures: Some(failed), ..all[1].clone() });
    let snapshot = store.read().expect("a snapshot");
    let found = snapshot.failing_deliveries(9).expect("a read");
    assert_eq!(found, [undelivered(&all[1], NOW, "failed 2 times: it took too long")]);
    assert_eq!(snapshot.failing_deliveries(0).expect("a read"), []);
    let summary = snapshot.outbox_summary().expect("a read");
    assert_eq!((summary.waiting, summary.failing, summary.dead_letters), (3, 1, 0));
}

fn undelivered(delivery: &Delivery, failed_at: &str, reason: &str) -> Undelivered {
    Undelivered {
        id: delivery.id,
        pattern_id: 7,
        kind: "deployed".to_owned(),
        created_at: Some(NOW.to_owned().into()),
        failed_at: failed_at.to_owned().into(),
        reason: reason.to_owned(),
    }
}

pub(crate) fn a_delivery_that_failed_a_moment_ago_is_not_due(backend: &dyn Backend) {
    let (mut store, all) = with_three(backend);
    for (last, expected) in
        [("2026-01-31 11:55:00", false), (NOW, false), ("2026-01-31 11:54:59", true), ("2026-01-31 12:00:01", true)]
    {
        commit(store.as_mut(), |tx| {
            for delivery in &all {
                tx.delivery_failed(delivery, &failures(last, "no")).expect("noted");
            }
        });
        assert_eq!(due(store.as_mut()), expected, "{last}");
    }
    commit(store.as_mut(), |tx| all.iter().for_each(|it| tx.forget_delivered(it).expect("forgotten")));
    assert!(!due(store.as_mut()), "nothing waits");
}

pub(crate) fn a_dead_letter_waits_again_only_when_it_is_asked_to(backend: &dyn Backend) {
    let (mut store, all) = with_three(backend);
    commit(store.as_mut(), |tx| {
        tx.delivery_failed(&all[0], &failures(NOW, "no")).expect("noted");
        for delivery in &all[..2] {
            tx.bury(delivery, "refused", at("2026-02-01 00:00:00")).expect("buried");
            tx.delivery_failed(delivery, &failures(NOW, "late")).expect("noted");
        }
    });
    assert_eq!(deliveries(store.as_mut()), all[2..]);
    let snapshot = store.read().expect("a snapshot");
    let letters: Vec<_> = all[..2].iter().map(|it| undelivered(it, "2026-02-01 00:00:00", "refused")).collect();
    assert_eq!(snapshot.dead_letters(9).expect("a read"), letters);
    assert_eq!(snapshot.dead_letters(1).expect("a read"), letters[..1]);
    assert_eq!(snapshot.failing_deliveries(9).expect("a read"), []);
    let summary = snapshot.outbox_summary().expect("a read");
    assert_eq!((summary.waiting, summary.failing, summary.dead_letters), (1, 0, 2));
    drop(snapshot);
    let retried = commit(store.as_mut(), |tx| tx.retry_dead_letters().expect("retried"));
    assert_eq!((retried, deliveries(store.as_mut())), (2, all), "as if they had never failed");
    assert_eq!(commit(store.as_mut(), |tx| tx.retry_dead_letters().expect("retried")), 0);
}

pub(crate) fn how_long_the_server_is_left_in_peace_is_remembered(backend: &dyn Backend) {
    let (mut store, mut other) = (backend.open(), backend.open());
    let mut until = || other.read().expect("a snapshot").backoff_until().expect("a read");
    assert_eq!(until(), None);
    for to in [Some(Timestamp::constant(1_800_000_000, 0)), Some(Timestamp::UNIX_EPOCH), None, None] {
        commit(store.as_mut(), |tx| tx.back_off(to).expect("noted"));
        assert_eq!(until(), to);
    }
}
