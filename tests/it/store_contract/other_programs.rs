//! Writes by other programs to the same tables, and the contract for them.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Rejected};
use cfn::model::{ContentHash, Review, StoredJson, VersionSource};
use cfn::store::{NewVersion, Store};

use super::{Backend, NOW, at, commit, decide, insert, map, name, version};

fn hash(bytes: &[u8]) -> String {
    ContentHash::of(bytes).to_string()
}

fn review_and_version(store: &mut dyn Store) -> (Review, Option<String>) {
    let snapshot = store.read().expect("a snapshot");
    let id = snapshot.skill(&name("jwt")).expect("a read").expect("a skill").id;
    let candidates = snapshot.candidates(&"dev".parse().expect("a type")).expect("candidates");
    let served = candidates.into_iter().find(|it| it.id == id).and_then(|it| it.approved).map(|it| it.version);
    (snapshot.review(id).expect("a read"), served)
}

pub(crate) fn other_bytes_under_a_recorded_version_wait_and_the_approved_ones_stay_served(backend: &dyn Backend) {
    let mut store = backend.open();
    for level in [Auto, Human] {
        let served = Some("1.0.0".to_owned());
        if level == Auto {
            commit(store.as_mut(), |tx| {
                let id = insert(tx, "jwt", b"one", Auto);
                map(tx, id, "dev", 5, false);
                tx.store_content(&ContentHash::of(b"two"), b"two").expect("stored");
            });
        } else {
            commit(store.as_mut(), |tx| {
                let id = tx.skill(&name("jwt")).expect("a read").expect("a skill").id;
                tx.record_version(id, &version("1.0.0", &ContentHash::of(b"one"), Human)).expect("recorded");
                decide(tx, id, "1.0.0", b"one", Approved);
            });
        }
        assert_eq!(review_and_version(store.as_mut()), (Review::Approved, served.clone()));
        backend.other_program().overwrite("jwt", "1.0.0", &hash(b"two"));
        assert_eq!(review_and_version(store.as_mut()), (Review::Pending, served), "{level}");
        let snapshot = store.read().expect("a snapshot");
        let skill = snapshot.skill(&name("jwt")).expect("a read").expect("a skill");
        let versions = snapshot.versions(skill.id).expect("versions");
        assert_eq!(versions.iter().map(|it| it.content_hash.as_str()).collect::<Vec<_>>(), [hash(b"one")]);
        assert_eq!(skill.content_hash, hash(b"two"));
    }
}

pub(crate) fn a_version_that_another_program_writes_is_recorded_as_external(backend: &dyn Backend) {
    let mut store = backend.open();
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        map(tx, id, "dev", 5, false);
        decide(tx, id, "1.0.0", b"one", Approved);
        id
    });
    backend.other_program().overwrite("jwt", "1.1.0", &hash(b"two"));
    let versions = store.read().expect("a snapshot").versions(id).expect("versions");
    let record = &versions[0];
    assert_eq!((record.version.as_str(), record.source.as_str()), ("1.1.0", VersionSource::External.as_str()));
    assert_eq!((record.content_hash.clone(), record.front_matter.clone(), record.stored), (hash(b"two"), None, false));
    assert_eq!(review_and_version(store.as_mut()), (Review::Pending, Some("1.0.0".to_owned())));
    // Recording the same bytes completes it.
    let two = ContentHash::of(b"two");
    let mine = NewVersion { source: VersionSource::Update, ..version("1.1.0", &two, Human) };
    commit(store.as_mut(), |tx| tx.record_version(id, &mine).expect("recorded"));
    let completed = store.read().expect("a snapshot").versions(id).expect("versions").remove(0);
    assert_eq!((completed.id, completed.source.as_str(), completed.created_at.as_str()), (record.id, "update", NOW));
    assert_eq!(completed.front_matter.as_ref().map(StoredJson::as_str), Some("{}"));
}

pub(crate) fn who_recorded_a_version_first_stays(backend: &dyn Backend) {
    let mut store = backend.open();
    let (id, one) = (commit(store.as_mut(), |tx| insert(tx, "jwt", b"one", Human)), ContentHash::of(b"one"));
    let again = NewVersion {
        source: VersionSource::Import,
        content_path: "moved.md",
        now: at("2027-01-01 00:00:00"),
        ..version("1.0.0", &one, Auto)
    };
    commit(store.as_mut(), |tx| tx.record_version(id, &again).expect("recorded"));
    let versions = store.read().expect("a snapshot").versions(id).expect("versions");
    assert_eq!(versions.len(), 1);
    let it = &versions[0];
    assert_eq!((it.source.as_str(), it.created_at.as_str()), ("deploy", NOW));
    assert_eq!((it.content_path.as_str(), it.approval_level), ("moved.md", Auto), "but where they are now is known");
}

pub(crate) fn a_decision_by_number_binds_to_the_bytes_that_the_number_has_then(backend: &dyn Backend) {
    let mut store = backend.open();
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        map(tx, id, "dev", 5, false);
        id
    });
    let other = backend.other_program();
    other.decide("jwt", "1.0.0", Approved);
    assert_eq!(review_and_version(store.as_mut()), (Review::Approved, Some("1.0.0".to_owned())));
    other.overwrite("jwt", "1.0.0", &hash(b"two"));
    other.decide("jwt", "1.0.0", Rejected);
    assert_eq!(review_and_version(store.as_mut()), (Review::Pending, None), "the recorded bytes were rejected");
    let snapshot = store.read().expect("a snapshot");
    let latest = |bytes: &[u8]| snapshot.latest_decision(id, &hash(bytes), None).expect("a read").map(|it| it.decision);
    assert_eq!((latest(b"one"), latest(b"two")), (Some(Rejected), None));
    let approvals = snapshot.approvals(id).expect("a read");
    assert!(approvals.iter().all(|it| it.content_hash == Some(hash(b"one")) && it.approver.is_none()));
}
