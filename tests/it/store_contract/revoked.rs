//! Bytes that were revoked: no decision brings them back, whoever wrote it.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::Approved;
use cfn::model::{Bootstrap, ContentHash, EventKind, Review, SkillId};
use cfn::store::{NewEvent, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, map};

fn record(tx: &mut dyn Transaction, of: SkillId, event: EventKind, body: &[u8]) {
    let hash = ContentHash::of(body).to_string();
    let event = NewEvent { content_hash: Some(&hash), ..NewEvent::of(of, "x", event, at(NOW)) };
    tx.record_event(&event).expect("recorded");
}

pub(crate) fn no_level_and_no_decision_brings_revoked_bytes_back(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (auto, human) = (insert(tx, "auto", b"bad", Auto), insert(tx, "human", b"bad", Human));
        let other = insert(tx, "other", b"good", Auto);
        for skill in [auto, human, other] {
            map(tx, skill, "dev", 5, false);
        }
        decide(tx, human, "1.0.0", b"bad", Approved);
        let served = |tx: &dyn Transaction| {
            let all = tx.candidates(&"dev".parse().expect("a type")).expect("a read").into_iter();
            all.filter(|it| it.approved.is_some()).map(|it| it.name).collect::<Vec<_>>().join(" ")
        };
        let reviews = |tx: &dyn Transaction| [auto, human].map(|it| tx.review(it).expect("a read"));
        let approved = |tx: &dyn Transaction| {
            [auto, human].map(|it| tx.versions(it).expect("a read").iter().any(|it| it.approved))
        };
        record(tx, other, EventKind::Rejected, b"bad");
        assert_eq!(served(tx), "auto human other", "of a skill that is gone");
        for event in [EventKind::Revoked, EventKind::Purged] {
            record(tx, other, event, b"bad");
            decide(tx, human, "1.0.0", b"bad", Approved);
            record(tx, other, EventKind::Accepted, b"bad");
            assert_eq!(served(tx), "other", "{event:?}");
            assert_eq!(reviews(tx), [Review::Rejected, Review::Rejected]);
            assert_eq!(approved(tx), [false, false]);
            record(tx, human, EventKind::Accepted, b"bad");
            assert_eq!(served(tx), "human other", "{event:?}");
            assert_eq!(reviews(tx), [Review::Rejected, Review::Approved]);
            assert_eq!(approved(tx), [false, true]);
        }
    });
}

pub(crate) fn bootstrap_skills_with_revoked_bytes_are_none(backend: &dyn Backend) {
    let mut store = backend.open();
    let hash = |body: &[u8]| ContentHash::of(body).to_string();
    for (name, load_order, body) in [("zeta", 1, b"bad!"), ("alpha", 2, b"bad!"), ("good", 3, b"good")] {
        let (name, file_path) = (name.to_owned(), format!("{name}.md"));
        let row = Bootstrap { name, file_path, load_order, description: None, content_hash: Some(hash(body)) };
        backend.other_program().add_bootstrap(&row, load_order != 2);
    }
    let names = |tx: &dyn Transaction| {
        tx.bootstrap().expect("a read").into_iter().map(|it| it.name).collect::<Vec<_>>().join(" ")
    };
    commit(store.as_mut(), |tx| {
        assert_eq!(names(tx), "zeta good");
        assert!(tx.disable_bootstrap("nothing", at(NOW)).expect("a write").is_empty());
        for _ in 0..2 {
            let disabled = tx.disable_bootstrap(&hash(b"bad!"), at(NOW)).expect("a write");
            assert_eq!(disabled, ["alpha", "zeta"], "also what was disabled before");
            assert_eq!(names(tx), "good");
        }
        record(tx, SkillId(0), EventKind::Revoked, b"good");
        record(tx, SkillId(1), EventKind::Accepted, b"good");
        assert_eq!(names(tx), "", "a skill accepts for itself alone");
    });
}
