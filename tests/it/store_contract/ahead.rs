//! What a caller says that it will read.

use cfn::model::ApprovalLevel::Human;
use cfn::model::Decision::{Approved, Rejected};
use cfn::model::{ContentHash, Review};
use cfn::store::{About, Snapshot};

use super::{Backend, commit, decide, insert, map, name};

pub(crate) fn what_was_read_with_a_skill_is_what_is_there_until_a_write(backend: &dyn Backend) {
    let (mut store, hash, jwt) = (backend.open(), ContentHash::of(b"one").to_string(), name("jwt"));
    let id = commit(store.as_mut(), |tx| {
        let id = insert(tx, "jwt", b"one", Human);
        map(tx, id, "tester", 3, true);
        decide(tx, id, "1.0.0", b"one", Rejected);
        id
    });
    let next = [
        About::Spellings,
        About::FormerNames,
        About::Versions,
        About::Approvals,
        About::Review,
        About::Mappings,
        About::Events,
        About::Files,
        About::Content,
        About::Decision(&hash, None),
        About::Refusal(&hash),
    ];
    let everything = |of: &dyn Snapshot| {
        let decision = of.latest_decision(id, &hash, None).expect("a read").map(|it| it.decision);
        let texts = (of.spellings(&jwt).expect("a read"), of.former_names(id).expect("a read"));
        let records = (of.versions(id).expect("a read"), of.approvals(id).expect("a read"));
        let state = (of.review(id).expect("a read"), of.mappings(id).expect("a read"), decision);
        let past = (of.events(id).expect("a read"), of.refusal(&hash, Some(id)).expect("a read"));
        let bytes = (of.files(id, "1.0.0").expect("a read"), of.content(&hash).expect("a read"));
        (texts, records, state, past, bytes)
    };
    let plain = everything(store.read().expect("a snapshot").as_ref());
    let snapshot = store.read().expect("a snapshot");
    assert_eq!(snapshot.skill_and(&jwt, &next).expect("a read"), snapshot.skill(&jwt).expect("a read"));
    assert_eq!(everything(snapshot.as_ref()), plain, "the first time");
    assert_eq!(everything(snapshot.as_ref()), plain, "and again");
    assert_eq!(snapshot.skill_and(&name("nobody"), &next).expect("a read"), None);
    assert_eq!(snapshot.refusal(&hash, None).expect("a read"), None);
    drop(snapshot);
    commit(store.as_mut(), |tx| {
        tx.skill_and(&jwt, &next).expect("a read").expect("a skill");
        map(tx, id, "writer", 1, false);
        decide(tx, id, "1.0.0", b"one", Approved);
        assert_eq!(tx.mappings(id).expect("a read").len(), 2);
        assert_eq!(tx.review(id).expect("a read"), Review::Approved);
        let latest = tx.latest_decision(id, &hash, None).expect("a read");
        assert_eq!(latest.map(|it| it.decision), Some(Approved));
    });
}
