//! Versions that are pinned, and skills in place of deprecated ones.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Rejected};
use cfn::model::{AgentType, ContentHash, SkillId, Status};
use cfn::store::{Retirement, SkillChange, Store, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, map, name, version};

fn agent(name: &str) -> AgentType {
    name.parse().expect("an agent type")
}

/// Name, version, pinned version and replaced skill of each candidate.
type Served = (String, Option<String>, Option<String>, Option<String>);

fn served(store: &mut dyn Store, agent_type: &str) -> Vec<Served> {
    let candidates = store.read().expect("a snapshot").candidates(&agent(agent_type)).expect("candidates");
    candidates.into_iter().map(|it| (it.name, it.approved.map(|it| it.version), it.pinned, it.replaces)).collect()
}

fn one(name: &str, version: Option<&str>, pinned: Option<&str>, replaces: Option<&str>) -> Served {
    (name.to_owned(), version.map(str::to_owned), pinned.map(str::to_owned), replaces.map(str::to_owned))
}

fn next(tx: &mut dyn Transaction, id: SkillId, number: &str, body: &[u8]) {
    let hash = ContentHash::of(body);
    tx.store_content(&hash, body).expect("stored");
    tx.record_version(id, &version(number, &hash, Human)).expect("recorded");
}

pub(crate) fn a_pinned_version_is_served_whatever_comes_later_and_nothing_in_its_place(backend: &dyn Backend) {
    let mut store = backend.open();
    let pin = |store: &mut dyn Store, id, of: Option<&str>, version: Option<&str>| {
        let of = of.map(agent);
        commit(store, |tx| tx.pin(id, of.as_ref(), version, at(NOW)).expect("pinned"));
    };
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        map(tx, id, "dev", 5, false);
        map(tx, id, "tester", 5, false);
        next(tx, id, "1.0.1", b"two");
        next(tx, id, "1.0.2", b"three");
        decide(tx, id, "1.0.0", b"one", Approved);
        decide(tx, id, "1.0.1", b"two", Approved);
        id
    });
    let store = store.as_mut();
    let used = |store: &mut dyn Store, of: &str| {
        let used = store.read().expect("a snapshot").used(&name("jwt"), &agent(of)).expect("a read").expect("a skill");
        used.version.map(|it| it.0)
    };
    assert_eq!(served(store, "dev"), [one("jwt", Some("1.0.1"), None, None)]);
    pin(store, id, None, Some("1.0.0"));
    assert_eq!(served(store, "dev"), [one("jwt", Some("1.0.0"), Some("1.0.0"), None)]);
    assert_eq!(used(store, "dev").as_deref(), Some("1.0.0"));
    pin(store, id, Some("tester"), Some("1.0.1"));
    assert_eq!(served(store, "tester"), [one("jwt", Some("1.0.1"), Some("1.0.1"), None)], "the agent type's pin wins");
    assert_eq!([used(store, "tester"), used(store, "nobody")], ["1.0.1", "1.0.0"].map(|it| Some(it.to_owned())));
    for (unserved, why) in [("1.0.2", "it waits for review"), ("7.0.0", "there is none")] {
        pin(store, id, None, Some(unserved));
        assert_eq!(served(store, "dev"), [one("jwt", None, Some(unserved), None)], "{why}");
        assert_eq!(used(store, "dev"), None, "{why}");
    }
    pin(store, id, Some("tester"), None);
    assert_eq!(served(store, "tester"), [one("jwt", None, Some("7.0.0"), None)], "the skill's pin is left");
    pin(store, id, None, None);
    assert_eq!(served(store, "tester"), [one("jwt", Some("1.0.1"), None, None)]);
    pin(store, id, None, Some("1.0.0"));
    commit(store, |tx| decide(tx, id, "1.0.0", b"one", Rejected));
    assert_eq!(served(store, "dev"), [one("jwt", None, Some("1.0.0"), None)], "rejected bytes are served to nobody");
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(
        snapshot.skill(&name("jwt")).expect("a read").and_then(|it| it.pinned_version).as_deref(),
        Some("1.0.0")
    );
    assert!(snapshot.mappings(id).expect("mappings").iter().all(|it| it.pinned_version.is_none()));
}

fn deprecate(tx: &mut dyn Transaction, id: SkillId, replacement: Option<SkillId>) {
    let retirement = Some(Retirement { replacement, note: None });
    let change = SkillChange { status: Some(Status::Deprecated), retirement, ..SkillChange::at(at(NOW)) };
    tx.update_skill(id, &change).expect("changed");
}

pub(crate) fn agents_get_the_replacement_of_a_deprecated_skill_if_it_may_be_served(backend: &dyn Backend) {
    let mut store = backend.open();
    let store = store.as_mut();
    let [old, newer, newest, waits] = commit(store, |tx| {
        let ids = ["old", "newer", "newest"].map(|skill| insert(tx, skill, skill.as_bytes(), Auto));
        let waits = insert(tx, "waits", b"waits", Human);
        map(tx, ids[0], "dev", 3, true);
        map(tx, ids[0], "tester", 5, false);
        map(tx, ids[2], "tester", 1, false);
        let other = insert(tx, "other", b"other", Auto);
        map(tx, other, "dev", 1, true);
        deprecate(tx, ids[0], Some(ids[1]));
        [ids[0], ids[1], ids[2], waits]
    });
    let other = one("other", Some("1.0.0"), None, None);
    let in_place = |name: &str| one(name, Some("1.0.0"), None, Some("old"));
    assert_eq!(served(store, "dev"), [other.clone(), in_place("newer")], "with priority and all of its mapping");
    commit(store, |tx| deprecate(tx, newer, Some(newest)));
    assert_eq!(served(store, "dev"), [other.clone(), in_place("newest")], "a replacement may be replaced");
    assert_eq!(
        served(store, "tester"),
        [one("newest", Some("1.0.0"), None, None), in_place("newest")],
        "for itself and in place of another"
    );
    commit(store, |tx| deprecate(tx, newest, Some(old)));
    assert_eq!(served(store, "dev"), std::slice::from_ref(&other), "they end where they began");
    for nothing in [Some(waits), None] {
        commit(store, |tx| deprecate(tx, newer, nothing));
        assert_eq!(served(store, "dev"), std::slice::from_ref(&other), "{nothing:?}");
    }
    commit(store, |tx| {
        deprecate(tx, newer, Some(waits));
        decide(tx, waits, "1.0.0", b"waits", Approved);
        tx.pin(old, Some(&agent("dev")), Some("9.0.0"), at(NOW)).expect("pinned");
    });
    assert_eq!(
        served(store, "dev"),
        [other.clone(), in_place("waits")],
        "a pin is about the deprecated skill's versions"
    );
    commit(store, |tx| tx.pin(waits, None, Some("2.0.0"), at(NOW)).expect("pinned"));
    assert_eq!(served(store, "dev"), [other], "that of the replacement counts");
}
