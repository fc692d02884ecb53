//! Finding skills: what each is found by, and the index beside the database.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::{ContentHash, Decision, SkillId, Status};
use cfn::store::{Searchable, SkillChange, Store, StoreError};

use super::version as recorded;
use super::{Backend, NOW, at, commit, decide, insert};

fn all(store: &mut dyn Store) -> Vec<Searchable> {
    let mut found = Vec::new();
    store.read().expect("a snapshot").searchable(&mut |it| found.push(it)).expect("a read");
    found
}

fn shown(found: &Searchable) -> (&str, &str, bool) {
    (&found.name, &found.version, found.served)
}

pub(crate) fn a_skill_is_found_by_the_bytes_that_agents_get(backend: &dyn Backend) {
    let mut store = backend.open();
    let [zeta, waits, ended] = commit(store.as_mut(), |tx| {
        let zeta = insert(tx, "zeta", b"1", Auto);
        let waits = insert(tx, "waits", b"2", Human);
        let ended = insert(tx, "ended", b"3", Auto);
        let four = ContentHash::of(b"4");
        tx.record_version(zeta, &recorded("1.0.1", &four, Human)).expect("recorded");
        let archived = SkillChange { status: Some(Status::Archived), ..SkillChange::at(at(NOW)) };
        tx.update_skill(ended, &archived).expect("changed");
        [zeta, waits, ended]
    });
    let found = all(store.as_mut());
    let expected = [("zeta", "1.0.0", true), ("waits", "1.0.0", false), ("ended", "1.0.0", false)];
    assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected, "in order of ids");
    assert_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [zeta, waits, ended]);
    commit(store.as_mut(), |tx| decide(tx, zeta, "1.0.1", b"4", Decision::Approved));
    let snapshot = store.read().expect("a snapshot");
    let one = snapshot.searchable_skill(zeta).expect("a read").expect("it is there");
    assert_eq!(shown(&one), ("zeta", "1.0.1", true));
    assert_ne!(one.content_hash, found[0].content_hash);
    assert_eq!(snapshot.searchable_skill(SkillId(99)).expect("a read"), None);
}

/// A term with its postings.
fn of(term: &str, postings: &str) -> (String, Vec<u8>) {
    (term.to_owned(), postings.as_bytes().to_vec())
}

pub(crate) fn the_index_returns_what_was_written_in_order(backend: &dyn Backend) {
    let mut index = backend.open().search_index();
    assert_eq!(index.read().expect("a read").state().expect("a state"), None, "there is none yet");
    assert!(index.read().expect("a read").lengths().expect("blocks").is_empty());
    let written = index.write(&mut |it| {
        it.set_block(2, Some((b"l2", b"d2")))?;
        it.set_block(-1, Some((b"l1", b"d1")))?;
        it.set_postings(2, &[of("bc", "2bc"), of("b", "2b"), of("c", "2c"), of("none", "")])?;
        it.set_postings(-1, &[of("b", "1b")])?;
        it.set_state(b"first")
    });
    assert!(written.expect("written"));
    let mut other = backend.open().search_index();
    let read = other.read().expect("a read");
    assert_eq!(read.state().expect("a state").as_deref(), Some(&b"first"[..]));
    assert_eq!(read.lengths().expect("blocks"), [(-1, b"l1".to_vec()), (2, b"l2".to_vec())]);
    assert_eq!(read.documents(2).expect("a block").as_deref(), Some(&b"d2"[..]));
    assert_eq!(read.documents(7).expect("a block"), None);
    assert_eq!(read.postings("b").expect("postings"), [(-1, b"1b".to_vec()), (2, b"2b".to_vec())]);
    assert!(read.postings("x").expect("postings").is_empty());
    let mut terms = Vec::new();
    read.terms(2, "b", &mut |term, postings| {
        terms.push((term.to_owned(), postings.to_vec()));
        true
    })
    .expect("terms");
    assert_eq!(terms, [("b".to_owned(), b"2b".to_vec()), ("bc".to_owned(), b"2bc".to_vec())]);
    let mut first = 0;
    read.terms(2, "", &mut |_, _| {
        first += 1;
        false
    })
    .expect("terms");
    assert_eq!(first, 1, "it stops when it is told to");
}

pub(crate) fn the_index_is_changed_as_a_whole_and_emptied(backend: &dyn Backend) {
    let mut index = backend.open().search_index();
    let put = index.write(&mut |it| {
        it.set_state(b"first")?;
        it.set_block(1, Some((b"l", b"d")))?;
        it.set_postings(1, &[of("a", "1")])
    });
    assert!(put.expect("written"));
    let failed = index.write(&mut |it| {
        it.set_postings(1, &[of("a", "")])?;
        Err(StoreError::Defect("planned"))
    });
    assert!(failed.is_err());
    assert_eq!(index.read().expect("a read").postings("a").expect("postings").len(), 1, "all or nothing");
    let removed = index.write(&mut |it| {
        it.set_postings(1, &[of("a", "")])?;
        it.set_block(1, None)?;
        it.set_state(b"second")
    });
    assert!(removed.expect("written"));
    let read = index.read().expect("a read");
    assert!(read.postings("a").expect("postings").is_empty() && read.lengths().expect("blocks").is_empty());
    assert_eq!(read.state().expect("a state").as_deref(), Some(&b"second"[..]));
    drop(read);
    assert!(index.clear().expect("emptied"));
    assert_eq!(index.read().expect("a read").state().expect("a state"), None);
    assert!(index.write(&mut |it| it.set_state(b"third")).expect("made again"));
}
