//! The checks of publishing before it writes, and its changes to mappings.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::Decision::{Approved, Escalated, NeedsCorrection, Rejected};
use cfn::model::{ContentHash, Review, SkillId, Status, StoredJson};
use cfn::store::{LatestDecision, NewMapping, SkillChange, Transaction};

use super::{Backend, NOW, at, commit, decide, insert, map, name, version};

pub(crate) fn a_name_is_found_in_other_letters(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        for (at, skill) in ["fOO", "Foo", "bar-Baz", "zz_9"].into_iter().enumerate() {
            insert(tx, skill, &[u8::try_from(at).expect("few")], Auto);
        }
        let found = |wanted: &str| {
            let all = tx.spellings(&name(wanted)).expect("a read").into_iter();
            all.map(|it| it.name).collect::<Vec<_>>().join(" ")
        };
        for (wanted, there) in [("foo", "Foo fOO"), ("fOO", "Foo fOO"), ("BAR-BAZ", "bar-Baz"), ("ZZ_9", "zz_9")] {
            assert_eq!(found(wanted), there, "{wanted}, inside the transaction");
        }
        for wanted in ["fo", "fooo", "bar_baz", "zz9", "a"] {
            assert_eq!(found(wanted), "", "{wanted}");
        }
    });
}

pub(crate) fn the_latest_decision_on_bytes_is_that_of_one_skill_in_any_version(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"same", Human), insert(tx, "sql", b"same", Human));
        let latest = |tx: &dyn Transaction, skill: SkillId, body: &[u8]| {
            tx.latest_decision(skill, &ContentHash::of(body).to_string(), None).expect("a read")
        };
        assert_eq!(latest(tx, skill, b"same"), None);
        decide(tx, skill, "1.0.0", b"same", Approved);
        decide(tx, other, "1.0.0", b"same", Approved);
        tx.record_version(skill, &version("1.0.1", &ContentHash::of(b"other"), Human)).expect("recorded");
        decide(tx, skill, "1.0.1", b"other", Escalated);
        decide(tx, skill, "1.0.1", b"same", Rejected);
        let decided = |skill, body: &[u8]| latest(tx, skill, body).map(|it| it.decision);
        assert_eq!(decided(skill, b"same"), Some(Rejected));
        assert_eq!(decided(skill, b"other"), Some(Escalated));
        assert_eq!(decided(other, b"same"), Some(Approved), "the other skill's bytes are its own");
        let ids = tx.approvals(skill).expect("a read").into_iter().map(|it| (it.id, it.decision));
        let newest = ids.max_by_key(|it| it.0).map(|(id, decision)| LatestDecision { id, decision });
        assert_eq!(latest(tx, skill, b"same"), newest, "and its record is named");
    });
}

pub(crate) fn a_review_is_what_the_latest_decision_the_level_and_the_status_make_it(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (human, auto) = (insert(tx, "human", b"one", Human), insert(tx, "auto", b"two", Auto));
        let review = |tx: &dyn Transaction, skill| tx.review(skill).expect("a read");
        assert_eq!([human, auto].map(|it| review(tx, it)), [Review::Pending, Review::Approved]);
        for (decision, becomes) in [
            (Escalated, Review::Pending),
            (Rejected, Review::Rejected),
            (NeedsCorrection, Review::Pending),
            (Approved, Review::Approved),
            (Rejected, Review::Rejected),
        ] {
            decide(tx, human, "1.0.0", b"one", decision);
            decide(tx, auto, "1.0.0", b"two", decision);
            assert_eq!([human, auto].map(|it| review(tx, it)), [becomes; 2], "{decision}");
        }
        decide(tx, human, "1.0.0", b"one", Escalated);
        let archived = SkillChange { status: Some(Status::Archived), ..SkillChange::at(at(NOW)) };
        tx.update_skill(human, &archived).expect("changed");
        assert_eq!(review(tx, human), Review::None, "nobody is asked about what is archived");
    });
}

pub(crate) fn a_mapping_changes_as_a_whole_and_stays_as_it_is_enabled(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (skill, other) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        for (skill, agent) in [(skill, "dev"), (skill, "tester"), (other, "dev")] {
            map(tx, skill, agent, 5, false);
        }
        let dev = "dev".parse().expect("an agent type");
        let conditions = StoredJson::from(r#"{"phase":"build"}"#.to_owned());
        let to = NewMapping {
            agent_type: &dev,
            priority: 2,
            required: true,
            conditions: Some(&conditions),
            enabled: true,
            now: at(NOW),
        };
        tx.change_mapping(skill, &to).expect("changed");
        let mapping = |skill, agent: &str| {
            let all = tx.mappings(skill).expect("a read");
            let it = all.into_iter().find(|it| it.agent_type == agent).expect("a mapping");
            (it.priority, it.required, it.conditions, it.enabled)
        };
        assert_eq!(mapping(skill, "dev"), (2, true, Some(conditions.clone()), true));
        assert_eq!(mapping(skill, "tester"), (5, false, None, true), "another agent type's");
        assert_eq!(mapping(other, "dev"), (5, false, None, true), "another skill's");
    });
}
