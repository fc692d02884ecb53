//! The contract of writes: versions, approvals, mappings, contents.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Escalated, NeedsCorrection, Rejected};
use cfn::model::{Category, ContentHash, Review, SkillId, StoredJson, VersionBytes};
use cfn::store::{NewApproval, NewMapping, NewSkill, SkillChange, SkillFilter, Store};

use super::{Backend, NOW, at, commit, decide, insert, map, name, refused, usage, version};

pub(crate) fn versions_are_newest_first_by_the_order_of_recording(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Auto);
        let (two, three) = (ContentHash::of(b"two"), ContentHash::of(b"three"));
        tx.record_version(id, &version("9.0.0", &two, Auto)).expect("recorded");
        let earlier = cfn::store::NewVersion { now: at("1970-01-01 00:00:00"), ..version("2.0.0", &three, Auto) };
        tx.record_version(id, &earlier).expect("recorded");
    });
    let snapshot = store.read().expect("a snapshot");
    let skill = snapshot.skill(&name("jwt")).expect("a read").expect("a skill");
    let versions = snapshot.versions(skill.id).expect("versions");
    let numbers: Vec<&str> = versions.iter().map(|it| it.version.as_str()).collect();
    assert_eq!(numbers, ["2.0.0", "9.0.0", "1.0.0"]);
    assert_eq!(versions.iter().map(|it| it.stored).collect::<Vec<_>>(), [false, false, true]);
    let bytes: Vec<_> = versions.iter().map(VersionBytes::from).collect();
    assert_eq!(snapshot.version_bytes(skill.id).expect("versions"), bytes);
    assert_eq!((skill.version.as_str(), skill.content_hash), ("2.0.0", ContentHash::of(b"three").to_string()));
}

pub(crate) fn an_approval_binds_to_bytes_and_the_latest_decides(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
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
        commit(store.as_mut(), |tx| {
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
    commit(store.as_mut(), |tx| {
        let id = tx.skill(&name("human")).expect("a read").expect("a skill").id;
        tx.record_version(id, &version("1.0.1", &ContentHash::of(b"other"), Human)).expect("recorded");
    });
    let snapshot = store.read().expect("a snapshot");
    let found = snapshot.candidates(&"dev".parse().expect("a type")).expect("candidates");
    let served = found.iter().find(|it| it.name == "human").and_then(|it| it.approved.clone());
    assert_eq!(served.map(|it| it.version).as_deref(), Some("1.0.0"), "the newest that is approved");
}

pub(crate) fn a_recorded_version_never_changes_its_bytes(backend: &dyn Backend) {
    let mut store = backend.open();
    let id = commit(store.as_mut(), |tx| insert(tx, "jwt", b"one", Auto));
    let other = ContentHash::of(b"two");
    refused(store.as_mut(), |tx| tx.record_version(id, &version("1.0.0", &other, Auto)));
    let snapshot = store.read().expect("a snapshot");
    let versions = snapshot.versions(id).expect("versions");
    assert_eq!(versions.len(), 1);
    assert_eq!(versions[0].content_hash, ContentHash::of(b"one").to_string());
}

pub(crate) fn a_name_is_taken_once_and_names_differ_by_case(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        insert(tx, "jwt", b"one", Auto);
        insert(tx, "JWT", b"two", Auto);
    });
    let (twice, hash) = (name("jwt"), ContentHash::of(b"three"));
    let new = NewSkill {
        name: &twice,
        category: Category::Domain,
        team: None,
        tags: &[],
        owner: None,
        phase4_pattern_id: None,
    };
    refused(store.as_mut(), |tx| tx.insert_skill(&new, &version("1.0.0", &hash, Auto)));
    assert_eq!(store.read().expect("a snapshot").list(&SkillFilter::default()).expect("a list").len(), 2);
}

pub(crate) fn what_is_added_to_a_skill_that_is_not_there_is_refused_and_a_change_of_it_changes_nothing(
    backend: &dyn Backend,
) {
    let mut store = backend.open();
    let (nobody, hash) = (SkillId(999), ContentHash::of(b"one"));
    let (hex, agent_type) = (hash.to_string(), "dev".parse().expect("an agent type"));
    let approval = NewApproval {
        version: "1.0.0",
        content_hash: &hex,
        folder_hash: None,
        approval_level: Human,
        approver: "me",
        decision: Approved,
        reasoning: "",
        criteria_check: None,
        escalated_to: None,
        now: at(NOW),
    };
    let mapping = NewMapping {
        agent_type: &agent_type,
        priority: 5,
        required: false,
        conditions: None,
        enabled: true,
        now: at(NOW),
    };
    refused(store.as_mut(), |tx| tx.record_version(nobody, &version("1.0.0", &hash, Auto)));
    refused(store.as_mut(), |tx| tx.record_approval(nobody, &approval));
    refused(store.as_mut(), |tx| tx.add_mapping(nobody, &mapping));
    refused(store.as_mut(), |tx| tx.log_usage(&usage(nobody)));
    commit(store.as_mut(), |tx| {
        let change = SkillChange { owner: Some("bob"), ..SkillChange::at(at(NOW)) };
        tx.update_skill(nobody, &change).expect("nothing is changed");
        tx.change_mapping(nobody, &mapping).expect("nothing is changed");
        tx.describe_version(999, StoredJson::of(&()).as_ref()).expect("nothing is changed");
        tx.bind_bootstrap("nobody", &hash).expect("nothing is changed");
        assert_eq!(tx.list(&SkillFilter::default()).expect("a list"), []);
    });
}
