//! What the writes promise: versions, approvals, mappings, contents.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Escalated, NeedsCorrection, Rejected};
use cfn::model::{Category, ContentHash, Review, Usage};
use cfn::store::{Durability, SkillChange, SkillFilter, Store, write};

use super::{Backend, NOW, decide, in_one, insert, map, name, version};

pub(crate) fn a_recorded_version_never_changes_its_bytes(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        insert(tx, "jwt", b"one", Auto);
    });
    let skill = store.read().expect("a snapshot").skill(&name("jwt")).expect("a read").expect("a skill");
    let hash = ContentHash::of(b"two");
    let other = version("1.0.0", &hash, Auto);
    assert!(write(store.as_mut(), Durability::Full, |tx| tx.record_version(skill.id, &other)).is_err());
    let snapshot = store.read().expect("a snapshot");
    let versions = snapshot.versions(skill.id).expect("versions");
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].content_hash, ContentHash::of(b"one").to_string());
}

pub(crate) fn versions_are_newest_first_by_the_order_of_recording(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        let (two, three) = (ContentHash::of(b"two"), ContentHash::of(b"three"));
        tx.record_version(id, &version("9.0.0", &two, Auto)).expect("recorded");
        let earlier = cfn::store::NewVersion { now: "1970-01-01 00:00:00", ..version("2.0.0", &three, Auto) };
        tx.record_version(id, &earlier).expect("recorded");
    });
    let snapshot = store.read().expect("a snapshot");
    let skill = snapshot.skill(&name("jwt")).expect("a read").expect("a skill");
    let versions = snapshot.versions(skill.id).expect("versions");
    let numbers: Vec<&str> = versions.iter().map(|it| it.version.as_str()).collect();
    assert_eq!(numbers, ["2.0.0", "9.0.0", "1.0.0"]);
    assert_eq!(versions.iter().map(|it| it.stored).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!((skill.version.as_str(), skill.content_hash), ("2.0.0", ContentHash::of(b"three").to_string()));
}

pub(crate) fn an_approval_binds_to_bytes_and_the_latest_decides(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        let human = insert(tx, "human", b"one", Human);
        let auto = insert(tx, "auto", b"two", Auto);
        map(tx, human, "dev", 5, false);
        map(tx, auto, "dev", 5, false);
    });
    let approved = |store: &mut dyn Store| -> Vec<bool> {
        let snapshot = store.read().expect("a snapshot");
        let found = snapshot.candidates(&"dev".parse().expect("a type")).expect("candidates");
        let by_candidates: Vec<bool> = found.iter().map(|it| it.approved.is_some()).collect();
        let listed = snapshot.list(&SkillFilter::default()).expect("a list");
        assert_eq!(
            by_candidates,
            listed.iter().map(|it| it.review == Review::Approved).collect::<Vec<_>>(),
            "one rule everywhere"
        );
        by_candidates
    };
    assert_eq!(approved(store.as_mut()), [true, false], "auto, human");
    for (decisions, expected) in [
        (&[Approved][..], [true, true]),
        (&[Escalated], [false, false]),
        (&[NeedsCorrection], [false, false]),
        (&[Rejected], [false, false]),
        (&[Escalated], [false, false]),
        (&[Approved], [true, true]),
    ] {
        in_one(store.as_mut(), |tx| {
            for decision in decisions {
                let id = |tx: &dyn cfn::store::Transaction, skill| {
                    tx.skill(&name(skill)).expect("a read").expect("a skill").id
                };
                let (human, auto) = (id(tx, "human"), id(tx, "auto"));
                decide(tx, human, "1.0.0", b"one", *decision);
                decide(tx, auto, "1.0.0", b"two", *decision);
            }
        });
        assert_eq!(approved(store.as_mut()), expected, "{decisions:?}");
    }
    in_one(store.as_mut(), |tx| {
        let id = tx.skill(&name("human")).expect("a read").expect("a skill").id;
        tx.record_version(id, &version("1.0.1", &ContentHash::of(b"other"), Human)).expect("recorded");
    });
    let snapshot = store.read().expect("a snapshot");
    let found = snapshot.candidates(&"dev".parse().expect("a type")).expect("candidates");
    let served = found.iter().find(|it| it.name == "human").and_then(|it| it.approved.clone());
    assert_eq!(served.map(|it| it.version).as_deref(), Some("1.0.0"), "the newest that is approved");
}

pub(crate) fn candidates_are_required_first_then_by_priority_and_name(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        for (skill, priority, required) in [("d", 1, false), ("b", 5, false), ("a", 5, false), ("z", 9, true)] {
            let id = insert(tx, skill, skill.as_bytes(), Auto);
            assert!(map(tx, id, "dev", priority, required));
            assert!(!map(tx, id, "dev", 1, true), "a mapping that is there is left as it is");
        }
        insert(tx, "unmapped", b"u", Auto);
    });
    let snapshot = store.read().expect("a snapshot");
    let found = snapshot.candidates(&"dev".parse().expect("a type")).expect("candidates");
    let order: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(order, ["z", "d", "a", "b"]);
    assert!(snapshot.candidates(&"nobody".parse().expect("a type")).expect("candidates").is_empty());
}

pub(crate) fn contents_are_stored_once_and_as_they_are(backend: &dyn Backend) {
    let mut store = backend.open();
    let bytes: Vec<u8> = (0..=255).collect();
    let hash = ContentHash::of(&bytes);
    for _ in 0..2 {
        in_one(store.as_mut(), |tx| tx.store_content(&hash, &bytes).expect("stored"));
    }
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(snapshot.content(&hash.to_string()).expect("a read"), Some(bytes));
    assert_eq!(snapshot.content("none").expect("a read"), None);
}

pub(crate) fn a_change_writes_the_fields_that_are_given_and_no_others(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        let change = SkillChange { category: Some(Category::Testing.as_str()), now: NOW, ..SkillChange::default() };
        tx.update_skill(id, &change).expect("changed");
    });
    let skill = store.read().expect("a snapshot").skill(&name("jwt")).expect("a read").expect("a skill");
    assert_eq!(
        (skill.category.as_str(), skill.owner.as_deref(), skill.team.as_deref()),
        ("testing", Some("ann"), Some("core"))
    );
    assert_eq!((skill.tags.as_deref(), skill.version.as_str()), (Some(r#"["a"]"#), "1.0.0"));
}

pub(crate) fn usage_rows_are_written_and_carry_no_rate(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        let usage = Usage {
            agent_id: "a",
            agent_type: "dev",
            skill_id: id,
            task_id: None,
            phase: None,
            loaded_at: NOW,
            approval_level: Auto,
            phase4_generated: false,
            version: Some("1.0.0"),
            content_hash: Some("h"),
            outcome: cfn::model::Outcome::default(),
            awaits_outcome: false,
        };
        tx.log_usage(&usage).expect("logged");
        assert_eq!(tx.latest_pass_rate(id).expect("a read"), None);
    });
}

pub(crate) fn a_name_is_taken_once_and_names_differ_by_case(backend: &dyn Backend) {
    let mut store = backend.open();
    in_one(store.as_mut(), |tx| {
        insert(tx, "jwt", b"one", Auto);
        insert(tx, "JWT", b"two", Auto);
    });
    let (twice, hash) = (name("jwt"), ContentHash::of(b"three"));
    let new = cfn::store::NewSkill {
        name: &twice,
        category: Category::Domain,
        team: None,
        tags: &[],
        owner: None,
        phase4_pattern_id: None,
    };
    let version = version("1.0.0", &hash, Auto);
    assert!(write(store.as_mut(), Durability::Full, |tx| tx.insert_skill(&new, &version)).is_err());
    assert_eq!(store.read().expect("a snapshot").list(&SkillFilter::default()).expect("a list").len(), 2);
}
