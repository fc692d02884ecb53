//! Folders of versions: their files, and decisions about them.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Escalated, Rejected};
use cfn::model::{
    ApprovedVersion, ContentHash, Decision, FileMode, FolderFile, Review, SkillFolder, SkillId, StoredFile,
};
use cfn::store::{NewApproval, NewVersion, Snapshot, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, map, refused, version};

/// A skill file and a script.
fn folder(body: &[u8], script: &[u8]) -> SkillFolder {
    let file = |path: &str, mode, bytes: &[u8]| FolderFile {
        path: path.parse().expect("a path"),
        mode,
        hash: ContentHash::of(bytes),
        size: bytes.len() as u64,
    };
    let files = vec![file("scripts/run.sh", FileMode::Executable, script), file("SKILL.md", FileMode::Plain, body)];
    SkillFolder::of(files).expect("a folder")
}

fn record(tx: &mut dyn Transaction, skill: SkillId, number: &str, body: &[u8], folder: &SkillFolder) {
    let hash = ContentHash::of(body);
    tx.store_content(&hash, body).expect("stored");
    tx.record_version(skill, &NewVersion { folder: Some(folder), ..version(number, &hash, Human) }).expect("recorded");
}

fn decide_on(tx: &mut dyn Transaction, skill: SkillId, body: &[u8], folder: &SkillFolder, decision: Decision) {
    let approval = NewApproval {
        version: "1.0.1",
        content_hash: &ContentHash::of(body).to_string(),
        folder_hash: Some(&folder.hash().to_string()),
        approval_level: Human,
        approver: "me",
        decision,
        reasoning: "",
        criteria_check: None,
        escalated_to: None,
        now: at(NOW),
    };
    tx.record_approval(skill, &approval).expect("recorded");
}

fn served(snapshot: &dyn Snapshot) -> Option<ApprovedVersion> {
    snapshot.candidates(&"dev".parse().expect("a type")).expect("a read").pop().and_then(|it| it.approved)
}

/// Number of the served version, and whether it is served in part.
fn number(snapshot: &dyn Snapshot) -> Option<(String, bool)> {
    served(snapshot).map(|it| (it.version, it.partial))
}

pub(crate) fn the_files_of_a_version_are_read_as_they_were_recorded(backend: &dyn Backend) {
    let mut store = backend.open();
    let (plain, with_script) = (SkillFolder::alone(ContentHash::of(b"one"), 3), folder(b"two", b"run"));
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Human);
        record(tx, skill, "1.0.1", b"two", &with_script);
        record(tx, skill, "1.0.2", b"one", &plain);
        record(tx, skill, "1.0.1", b"two", &with_script);
        skill
    });
    let snapshot = store.read().expect("a snapshot");
    let files = snapshot.files(skill, "1.0.1").expect("a read");
    let row = |path: &str, mode: &str, bytes: &[u8]| StoredFile {
        path: path.to_owned(),
        mode: mode.to_owned(),
        hash: ContentHash::of(bytes).to_string(),
        size: 3,
    };
    assert_eq!(files, [row("SKILL.md", "100644", b"two"), row("scripts/run.sh", "100755", b"run")]);
    let hash = with_script.hash().to_string();
    assert_eq!(SkillFolder::recorded(&files, &hash), Ok(with_script));
    assert!(snapshot.files(skill, "1.0.0").expect("a read").is_empty());
    assert!(snapshot.files(skill, "1.0.2").expect("a read").is_empty(), "a plain folder has no record of its own");
    let recorded = snapshot.versions(skill).expect("versions").into_iter().map(|it| it.folder_hash);
    let by_bytes = snapshot.version_bytes(skill).expect("versions").into_iter().map(|it| it.folder_hash);
    assert!(by_bytes.eq(recorded.clone()));
    assert_eq!(recorded.collect::<Vec<_>>(), [None, Some(hash), None]);
}

pub(crate) fn a_version_is_not_recorded_again_with_other_files(backend: &dyn Backend) {
    let mut store = backend.open();
    let (one, other) = (folder(b"two", b"run"), folder(b"two", b"runs"));
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Human);
        record(tx, skill, "1.0.1", b"two", &one);
        skill
    });
    let hash = ContentHash::of(b"two");
    for folder in [None, Some(&other)] {
        refused(store.as_mut(), |tx| {
            tx.record_version(skill, &NewVersion { folder, ..version("1.0.1", &hash, Human) })
        });
    }
    refused(store.as_mut(), |tx| {
        let hash = ContentHash::of(b"one");
        let with_files = folder(b"one", b"run");
        tx.record_version(skill, &NewVersion { folder: Some(&with_files), ..version("1.0.0", &hash, Human) })
    });
    assert_eq!(store.read().expect("a snapshot").files(skill, "1.0.0").expect("a read"), []);
}

pub(crate) fn a_decision_is_about_all_files_of_a_version(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Human);
        map(tx, skill, "dev", 5, false);
        let (first, second) = (folder(b"two", b"run"), folder(b"two", b"runs"));
        record(tx, skill, "1.0.1", b"two", &first);
        decide_on(tx, skill, b"two", &first, Approved);
        let hash = Some(first.hash().to_string());
        assert_eq!(served(tx).map(|it| (it.folder_hash, it.partial)), Some((hash, false)));
        record(tx, skill, "1.0.2", b"two", &second);
        assert_eq!(number(tx), Some(("1.0.1".to_owned(), false)), "a changed script waits");
        assert_eq!(tx.review(skill).expect("a read"), Review::Pending);
        let latest = |folder: Option<&str>| {
            let content_hash = ContentHash::of(b"two").to_string();
            tx.latest_decision(skill, &content_hash, folder).expect("a read").map(|it| it.decision)
        };
        assert_eq!(latest(Some(&first.hash().to_string())), Some(Approved));
        assert_eq!((latest(Some(&second.hash().to_string())), latest(None)), (None, None));
        decide_on(tx, skill, b"two", &second, Rejected);
        assert_eq!(tx.review(skill).expect("a read"), Review::Rejected);
        decide_on(tx, skill, b"two", &second, Approved);
        assert_eq!(number(tx), Some(("1.0.2".to_owned(), false)));
        let decided = tx.approvals(skill).expect("a read").into_iter().map(|it| it.folder_hash);
        assert!(decided.eq([&second, &second, &first].map(|it| Some(it.hash().to_string()))));
    });
}

pub(crate) fn a_skill_file_alone_is_served_where_nobody_decided_about_the_rest(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Human);
        map(tx, skill, "dev", 5, false);
        decide(tx, skill, "1.0.0", b"one", Approved);
        skill
    });
    commit(store.as_mut(), |tx| {
        let id = tx.versions(skill).expect("versions")[0].id;
        tx.attach_folder(id, &SkillFolder::alone(ContentHash::of(b"one"), 3)).expect("nothing to attach");
        assert_eq!(tx.versions(skill).expect("versions")[0].folder_hash, None);
        let (first, other) = (folder(b"one", b"run"), folder(b"one", b"other"));
        tx.attach_folder(id, &first).expect("attached");
        tx.attach_folder(id, &other).expect("nothing to attach");
        let record = tx.versions(skill).expect("versions").remove(0);
        assert_eq!(record.folder_hash, Some(first.hash().to_string()));
        assert!(record.approved && record.partial);
        assert_eq!(tx.files(skill, "1.0.0").expect("a read").len(), 2);
        assert_eq!(number(tx), Some(("1.0.0".to_owned(), true)));
        assert_eq!(tx.review(skill).expect("a read"), Review::Approved);
        // A newer version that waits does not take it away, and a pin does not change it.
        record_newer(tx, skill);
        assert_eq!(number(tx), Some(("1.0.0".to_owned(), true)));
        tx.pin(skill, None, Some("1.0.0"), at(NOW)).expect("pinned");
        assert_eq!(number(tx), Some(("1.0.0".to_owned(), true)));
        tx.pin(skill, None, None, at(NOW)).expect("no pin");
        decide_on(tx, skill, b"one", &first, Rejected);
        assert_eq!(number(tx), None, "whoever rejects the folder rejects its skill file");
        decide_on(tx, skill, b"one", &first, Approved);
        assert_eq!(number(tx), Some(("1.0.0".to_owned(), false)));
    });
    // What another program decides is about the folder that is stored.
    backend.other_program().decide("jwt", "1.0.0", Rejected);
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(number(snapshot.as_ref()), None);
    let latest = snapshot.approvals(skill).expect("a read").remove(0);
    assert_eq!(latest.folder_hash, Some(folder(b"one", b"run").hash().to_string()));
}

fn record_newer(tx: &mut dyn Transaction, skill: SkillId) {
    record(tx, skill, "1.0.1", b"two", &folder(b"two", b"run"));
}

pub(crate) fn a_level_approves_no_files_beside_a_refused_skill_file(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Auto);
        map(tx, skill, "dev", 5, false);
        let with_files = folder(b"one", b"run");
        let hash = ContentHash::of(b"one");
        let newer = NewVersion { folder: Some(&with_files), ..version("1.0.1", &hash, Auto) };
        tx.record_version(skill, &newer).expect("recorded");
        assert_eq!(number(tx), Some(("1.0.1".to_owned(), false)));
        decide(tx, skill, "1.0.0", b"one", Escalated);
        assert_eq!(number(tx), None);
        decide_on(tx, skill, b"one", &with_files, Approved);
        assert_eq!(number(tx), Some(("1.0.1".to_owned(), false)));
    });
}

pub(crate) fn a_level_approves_no_files_that_were_found_beside_one_of_another_program(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Auto);
        map(tx, skill, "dev", 5, false);
        tx.store_content(&ContentHash::of(b"two"), b"two").expect("stored");
        skill
    });
    backend.other_program().overwrite("jwt", "1.0.1", &ContentHash::of(b"two").to_string());
    commit(store.as_mut(), |tx| {
        assert_eq!(number(tx), Some(("1.0.1".to_owned(), false)));
        let with_files = folder(b"two", b"run");
        tx.attach_folder(tx.versions(skill).expect("versions")[0].id, &with_files).expect("attached");
        assert_eq!(number(tx), Some(("1.0.1".to_owned(), true)));
        decide_on(tx, skill, b"two", &with_files, Approved);
        assert_eq!(number(tx), Some(("1.0.1".to_owned(), false)));
    });
}

pub(crate) fn bytes_are_found_in_every_file_and_as_a_folder(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"one", Human);
        insert(tx, "sql", b"run", Human);
        let with_files = folder(b"two", b"run");
        record(tx, skill, "1.0.1", b"two", &with_files);
        let found = |hash: ContentHash| {
            let holders = tx.holders(&hash.to_string()).expect("a read").into_iter();
            holders.map(|it| format!("{} {} {}", it.name, it.version, it.folder_hash.is_some())).collect::<Vec<_>>()
        };
        assert_eq!(found(ContentHash::of(b"run")), ["jwt 1.0.1 true", "sql 1.0.0 false"]);
        assert_eq!(found(with_files.hash()), ["jwt 1.0.1 true"]);
        assert_eq!(found(ContentHash::of(b"two")), ["jwt 1.0.1 true"]);
    });
}

pub(crate) fn a_deletion_takes_the_files_that_nothing_else_has(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"one", Human), insert(tx, "sql", b"three", Human));
        for bytes in [&b"run"[..], b"shared"] {
            tx.store_content(&ContentHash::of(bytes), bytes).expect("stored");
        }
        record(tx, skill, "1.0.1", b"two", &folder(b"two", b"run"));
        record(tx, skill, "1.0.2", b"two", &folder(b"two", b"shared"));
        record(tx, other, "1.0.1", b"four", &folder(b"four", b"shared"));
        assert_eq!(tx.delete_skill(skill).expect("deleted").contents, 3);
        let stored = |bytes: &[u8]| tx.content(&ContentHash::of(bytes).to_string()).expect("a read").is_some();
        assert_eq!([&b"two"[..], b"run", b"shared", b"four"].map(stored), [false, false, true, true]);
        let reborn = insert(tx, "jwt", b"one", Human);
        assert_eq!(tx.files(reborn, "1.0.0").expect("a read"), [], "nothing of the old skill is left");
        assert_eq!(tx.files(other, "1.0.1").expect("a read").len(), 2);
    });
}
