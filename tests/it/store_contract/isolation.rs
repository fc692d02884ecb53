//! Moments, conflicts, and what is undone.

use std::thread;

use cfn::model::ApprovalLevel::Auto;
use cfn::model::{ContentHash, SkillId};
use cfn::store::{Conclusion, Durability, NameKind, Snapshot, Store, StoreError, file_care, write, write_unless};

use super::{Backend, NOW, at, commit, insert, name, undo, version};

fn names(store: &mut dyn Store) -> Vec<String> {
    let mut names = store.read().expect("a snapshot").names(NameKind::Skill).expect("names");
    names.sort();
    names
}

pub(crate) fn a_snapshot_is_of_one_moment(backend: &dyn Backend) {
    let (mut reader, mut writer) = (backend.open(), backend.open());
    let snapshot = reader.read().expect("a snapshot");
    assert_eq!(snapshot.names(NameKind::Skill).expect("names").len(), 0);
    commit(writer.as_mut(), |tx| insert(tx, "jwt", b"x", Auto));
    assert!(snapshot.skill(&name("jwt")).expect("a read").is_none(), "the moment lasts");
    drop(snapshot);
    assert!(reader.read().expect("a snapshot").skill(&name("jwt")).expect("a read").is_some());
}

pub(crate) fn nobody_sees_a_transaction_before_its_commit(backend: &dyn Backend) {
    let (mut reader, mut writer) = (backend.open(), backend.open());
    let is_there = |snapshot: &dyn Snapshot| snapshot.skill(&name("jwt")).expect("a read").is_some();
    for durability in [Durability::Normal, Durability::Full] {
        let written = write(writer.as_mut(), durability, |tx| {
            if durability == Durability::Normal {
                insert(tx, "jwt", b"x", Auto);
            }
            assert!(tx.skill(&name("jwt")).expect("a read").is_some(), "but the transaction itself does");
            let seen = is_there(reader.read().expect("a snapshot").as_ref());
            assert_eq!(seen, durability == Durability::Full, "only what was committed before");
            Ok::<_, StoreError>(())
        });
        written.expect("committed");
        assert!(is_there(reader.read().expect("a snapshot").as_ref()));
    }
}

/// An error of whoever does the work.
#[derive(Debug)]
enum Refused {
    ByMe(u8),
    ByTheStore(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::ByTheStore(error)
    }
}

pub(crate) fn work_that_fails_undoes_everything_and_its_error_is_returned(backend: &dyn Backend) {
    let mut store = backend.open();
    let outcome: Result<(), Refused> = write(store.as_mut(), Durability::Full, |tx| {
        insert(tx, "jwt", b"x", Auto);
        Err(Refused::ByMe(7))
    });
    assert!(matches!(outcome, Err(Refused::ByMe(7))), "{outcome:?}");
    let outcome: Result<(), Refused> = write(store.as_mut(), Durability::Full, |tx| {
        let id = insert(tx, "jwt", b"x", Auto);
        Ok(tx.record_version(id, &version("1.0.0", &ContentHash::of(b"other"), Auto))?)
    });
    assert!(matches!(outcome, Err(Refused::ByTheStore(StoreError::Failed { .. }))), "{outcome:?}");
    let snapshot = store.read().expect("a snapshot");
    assert!(snapshot.names(NameKind::Skill).expect("names").is_empty());
    assert!(snapshot.content(&ContentHash::of(b"x").to_string()).expect("a read").is_none());
    drop(snapshot);
    commit(store.as_mut(), |tx| insert(tx, "jwt", b"x", Auto));
    assert_eq!(names(store.as_mut()), ["jwt"], "and the store can be written again");
}

pub(crate) fn an_attempt_commits_only_what_it_is_told_to(backend: &dyn Backend) {
    let mut store = backend.open();
    undo(store.as_mut(), |tx| {
        insert(tx, "undone", b"x", Auto);
    });
    let attempt = store.attempt(Durability::Normal, &mut |tx| {
        insert(tx, "done", b"y", Auto);
        Ok(Conclusion::Commit)
    });
    attempt.expect("committed");
    assert_eq!(names(store.as_mut()), ["done"]);
}

pub(crate) fn a_dry_run_has_the_result_of_a_commit_and_leaves_nothing(backend: &dyn Backend) {
    let mut store = backend.open();
    let mut insert = |dry_run| {
        write_unless(dry_run, store.as_mut(), Durability::Full, |tx| {
            insert(tx, "jwt", b"x", Auto); // its key is another one where keys are not given twice
            tx.names(NameKind::Skill)
        })
    };
    assert_eq!(insert(true).expect("a dry run"), insert(false).expect("committed"));
    assert_eq!(names(store.as_mut()), ["jwt"]);
}

pub(crate) fn what_work_has_read_is_still_so_when_it_commits(backend: &dyn Backend) {
    let (mut first, mut second) = (backend.open(), backend.open());
    let (mut runs, mut theirs) = (0, None);
    commit(first.as_mut(), |tx| {
        runs += 1;
        let known = tx.names(NameKind::Skill).expect("names").len();
        if theirs.is_none() {
            // Whether the other one is kept out, or this one runs again, is the engine's business.
            theirs = Some(write(second.as_mut(), Durability::Full, |tx| {
                tx.names(NameKind::Skill)?;
                insert(tx, "theirs", b"x", Auto);
                Ok::<_, StoreError>(())
            }));
        }
        insert(tx, &format!("mine-{known}"), b"y", Auto);
    });
    match theirs {
        Some(Ok(())) => assert_eq!((names(first.as_mut()), runs), (vec!["mine-1".to_owned(), "theirs".to_owned()], 2)),
        Some(Err(StoreError::Busy { .. })) => assert_eq!((names(first.as_mut()), runs), (vec!["mine-0".to_owned()], 1)),
        other => panic!("{other:?}"),
    }
    commit(second.as_mut(), |tx| insert(tx, "after", b"z", Auto));
}

/// Each of some threads adds versions; each is to be the successor of the one before.
pub(crate) fn writers_at_once_lose_nothing(backend: &dyn Backend) {
    let skill = commit(backend.open().as_mut(), |tx| insert(tx, "jwt", b"0", Auto));
    // Those who name the skill, those who name it otherwise, and those who are about everything.
    let claims = [None, Some("jwt"), Some("JWT"), Some("token")];
    commit(backend.open().as_mut(), |tx| tx.rename_skill(skill, &name("token"), at(NOW)).expect("renamed"));
    add_versions_at_once(backend, skill, &claims);
    let versions = backend.open().read().expect("a snapshot").versions(skill).expect("versions");
    let numbers: Vec<_> = versions.into_iter().rev().map(|it| it.version).collect();
    assert_eq!(numbers, (0..=claims.len() * EACH).map(|it| format!("1.0.{it}")).collect::<Vec<_>>());
}

/// Versions that each writer adds.
const EACH: usize = 10;

/// Each writer adds versions whose numbers follow from those that it finds.
fn add_versions_at_once(backend: &dyn Backend, skill: SkillId, claims: &[Option<&str>]) {
    let add_one = |store: &mut dyn Store, claim: Option<&str>| {
        write(store, Durability::Normal, |tx| {
            claim.map_or(Ok(()), |it| tx.claim(&[it]))?;
            let next = tx.versions(skill)?.len();
            let hash = ContentHash::of(next.to_string().as_bytes());
            tx.record_version(skill, &version(&format!("1.0.{next}"), &hash, Auto))
        })
    };
    thread::scope(|scope| {
        for claim in claims {
            let mut store = backend.open();
            let add_one = &add_one;
            scope.spawn(move || {
                let mut left = EACH;
                while left > 0 {
                    match add_one(store.as_mut(), *claim) {
                        Ok(()) => left -= 1,
                        Err(StoreError::Busy { .. } | StoreError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
}

pub(crate) fn those_that_left_hold_nobody_up(backend: &dyn Backend) {
    for content in [b"one", b"two"] {
        let mut writer = backend.open();
        let word = String::from_utf8_lossy(content);
        commit(writer.as_mut(), |tx| insert(tx, &word, content, Auto));
        writer.leave();
        let mut reader = backend.open_for_reading();
        assert!(names(reader.as_mut()).contains(&word.to_string()), "what it wrote stays");
        reader.leave();
    }
}

pub(crate) fn what_only_some_engines_have_is_asked_for_and_refused_by_others(backend: &dyn Backend) {
    let mut store = backend.open();
    let is_a_file = store.file_care().is_some();
    assert_eq!(store.follower().is_some(), is_a_file, "a database in a file can follow another one");
    match store.care().check() {
        Ok(report) => assert_eq!(report.damage, [""; 0]),
        Err(error) => assert!(matches!(error, StoreError::NoFile) && !is_a_file, "{error}"),
    }
    match file_care(store.as_mut()) {
        Ok(_) => assert!(is_a_file),
        Err(error) => assert!(!is_a_file && matches!(error, StoreError::NoFile), "{error}"),
    }
    assert!(store.inspect().is_none_or(|it| it.lock_waits().count == 0), "nobody was waited for");
}
