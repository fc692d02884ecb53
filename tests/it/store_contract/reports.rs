//! The sources of reports, except the sums of the usage log.

use cfn::model::ApprovalLevel::{Auto, Escalate, Human};
use cfn::model::Decision::{Approved, Escalated, Rejected};
use cfn::model::{DecisionTime, SkillId, Status, Waiting};
use cfn::store::{Days, NewApproval, NewVersion, SkillChange, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, version};

fn change(tx: &mut dyn Transaction, skill: SkillId, change: &SkillChange<'_>) {
    tx.update_skill(skill, change).expect("changed");
}

pub(crate) fn decisions_are_reported_with_when_their_version_was_recorded(backend: &dyn Backend) {
    let mut store = backend.open();
    let hash = cfn::model::ContentHash::of(b"two");
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Human);
        let recorded = NewVersion { now: at("2026-01-30 09:00:00"), ..version("1.0.1", &hash, Human) };
        tx.record_version(skill, &recorded).expect("recorded");
        for (number, decision, now) in [
            ("1.0.1", Rejected, "2026-02-02 00:00:00"),
            ("1.0.0", Approved, "2026-02-01 23:59:59"),
            ("9.9.9", Escalated, "2026-02-03 00:00:00"),
        ] {
            let approval = NewApproval {
                version: number,
                content_hash: "h",
                folder_hash: None,
                approval_level: Escalate,
                approver: "me",
                decision,
                reasoning: "",
                criteria_check: None,
                escalated_to: None,
                now: at(now),
            };
            tx.record_approval(skill, &approval).expect("recorded");
        }
        let testing = insert(tx, "sql", b"three", Human);
        change(tx, testing, &SkillChange { category: Some("testing"), ..SkillChange::at(at(NOW)) });
        decide(tx, testing, "1.0.0", b"three", Approved);
    });
    let time = |decision, decided_at: &str, recorded_at: Option<&str>| DecisionTime {
        approval_level: Escalate,
        decision,
        decided_at: Some(decided_at.to_owned().into()),
        recorded_at: recorded_at.map(|it| it.to_owned().into()),
        review_minutes: None,
    };
    let of_domain = [
        time(Rejected, "2026-02-02 00:00:00", Some("2026-01-30 09:00:00")),
        time(Approved, "2026-02-01 23:59:59", Some(NOW)),
        time(Escalated, "2026-02-03 00:00:00", None),
    ];
    let of_testing = DecisionTime { approval_level: Human, ..time(Approved, NOW, Some(NOW)) };
    let snapshot = store.read().expect("a snapshot");
    let read = |days: Option<Days>, category| snapshot.decision_times(days, category).expect("a read");
    assert_eq!(
        read(None, None),
        [&of_domain[..], std::slice::from_ref(&of_testing)].concat(),
        "in the order of deciding"
    );
    assert_eq!(read(None, Some("domain")), of_domain);
    assert_eq!(read(None, Some("testing")), [of_testing]);
    let days = Days { first: "2026-02-01".parse().expect("a day"), last: "2026-02-02".parse().expect("a day") };
    assert_eq!(read(Some(days), None), of_domain[..2]);
}

pub(crate) fn what_waits_for_a_decision_is_reported_in_the_order_of_skills(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let human = insert(tx, "human", b"1", Human);
        insert(tx, "auto", b"2", Auto);
        let (done, testing) = (insert(tx, "done", b"3", Human), insert(tx, "aaa", b"4", Escalate));
        decide(tx, done, "1.0.0", b"3", Approved);
        change(tx, testing, &SkillChange { category: Some("testing"), ..SkillChange::at(at(NOW)) });
        let later = "2026-02-01 00:00:00";
        change(tx, human, &SkillChange { owner: Some("bob"), ..SkillChange::at(at(later)) });
    });
    let waiting = |name: &str, approval_level| Waiting {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        approval_level,
        since: Some(NOW.to_owned().into()),
    };
    let all = [waiting("human", Human), waiting("aaa", Escalate)];
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(
        snapshot.waiting(None).expect("a read"),
        all,
        "since the version was recorded, whatever was changed since"
    );
    assert_eq!(snapshot.waiting(Some("testing")).expect("a read"), all[1..]);
}

pub(crate) fn skills_are_counted_by_level_and_status(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        for (name, level, status, category) in [
            ("a", Human, None, "testing"),
            ("b", Human, None, "domain"),
            ("c", Human, Some(Status::Archived), "domain"),
            ("d", Auto, None, "domain"),
        ] {
            let skill = insert(tx, name, name.as_bytes(), level);
            change(tx, skill, &SkillChange { category: Some(category), status, ..SkillChange::at(at(NOW)) });
        }
    });
    let snapshot = store.read().expect("a snapshot");
    let levels = |category| {
        let mut levels = snapshot.levels(category).expect("a read");
        levels.sort();
        levels
    };
    let count = |level, status: &str, count| (level, status.to_owned(), count);
    assert_eq!(levels(None), [count(Auto, "active", 1), count(Human, "active", 2), count(Human, "archived", 1)]);
    assert_eq!(levels(Some("testing")), [count(Human, "active", 1)]);
}

pub(crate) fn active_skills_are_named_in_order(backend: &dyn Backend) {
    let mut store = backend.open();
    let ids = commit(store.as_mut(), |tx| {
        let ids = ["b", "a", "Z"].map(|name| insert(tx, name, name.as_bytes(), Auto));
        let archived = insert(tx, "c", b"c", Auto);
        let status = Some(Status::Archived);
        change(tx, archived, &SkillChange { status, ..SkillChange::at(at(NOW)) });
        change(tx, ids[0], &SkillChange { category: Some("testing"), ..SkillChange::at(at(NOW)) });
        ids
    });
    let [b, a, z] = ids;
    let snapshot = store.read().expect("a snapshot");
    let skill = |id, name: &str| (id, name.to_owned());
    assert_eq!(snapshot.active_skills(None).expect("a read"), [skill(z, "Z"), skill(a, "a"), skill(b, "b")]);
    assert_eq!(snapshot.active_skills(Some("testing")).expect("a read"), [skill(b, "b")]);
}
