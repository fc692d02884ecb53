//! What the risk of a skill is assessed by, and what is recorded of it.

use cfn::model::ApprovalLevel::{Auto, Escalate, Human};
use cfn::model::{Bootstrap, ContentHash, Decision, SkillId, StoredJson};

use super::{Backend, NOW, at, commit, decide, insert};

pub(crate) fn coverage_is_that_of_the_skill_where_it_is_a_number(backend: &dyn Backend) {
    let mut store = backend.open();
    let ids = commit(store.as_mut(), |tx| ["jwt", "sql"].map(|it| insert(tx, it, it.as_bytes(), Auto)));
    backend.other_program().set_tests("jwt", 0.75);
    let snapshot = store.read().expect("a snapshot");
    let coverage = [ids[0], ids[1], SkillId(999)].map(|it| snapshot.test_coverage(it).expect("a read"));
    assert_eq!(coverage, [Some(0.75), None, None]);
}

pub(crate) fn templates_are_those_of_a_category_that_are_enabled(backend: &dyn Backend) {
    let mut store = backend.open();
    let other = backend.other_program();
    other.add_template(Escalate, "made-up", r#"{"risk_score_max":0.5}"#, true);
    other.add_template(Human, "made-up", "{}", false);
    other.add_template(Auto, "made-up", "no JSON", true);
    other.add_template(Auto, "another", "{}", true);
    let templates = store.read().expect("a snapshot").criteria_templates("made-up").expect("a read");
    let json = |text: &str| StoredJson::from(text.to_owned());
    assert_eq!(templates, [(Escalate, json(r#"{"risk_score_max":0.5}"#)), (Auto, json("no JSON"))]);
    assert_eq!(store.read().expect("a snapshot").criteria_templates("nothing").expect("a read"), []);
}

pub(crate) fn an_assessment_belongs_to_a_decision(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Human);
        decide(tx, skill, "1.0.0", b"1", Decision::Escalated);
        decide(tx, skill, "1.0.0", b"1", Decision::Approved);
        let hash = ContentHash::of(b"1").to_string();
        let latest = tx.latest_decision(skill, &hash, None).expect("a read").expect("a decision").id;
        let (first, second) = (StoredJson::from("1".to_owned()), StoredJson::from("2".to_owned()));
        for assessment in [&first, &second] {
            tx.record_assessment(latest, assessment).expect("recorded");
            tx.record_assessment(9999, assessment).expect("nothing to record it at");
        }
        let all: Vec<_> = tx.approvals(skill).expect("a read").into_iter().map(|it| it.risk_assessment).collect();
        assert_eq!(all, [Some(second), None]);
    });
}

pub(crate) fn a_bootstrap_skill_is_added_where_name_and_position_are_free(backend: &dyn Backend) {
    let mut store = backend.open();
    let bootstrap = |name: &str, load_order| Bootstrap {
        name: name.to_owned(),
        file_path: format!("{name}.md"),
        load_order,
        description: Some("First steps".to_owned()),
        content_hash: None,
    };
    let added = commit(store.as_mut(), |tx| {
        let all = [("second", 2), ("first", 1), ("second", 3), ("third", 1)];
        all.map(|(name, order)| tx.add_bootstrap(&bootstrap(name, order), at(NOW)).expect("a write"))
    });
    assert_eq!(added, [true, true, false, false]);
    let there = store.read().expect("a snapshot").bootstrap().expect("a read");
    assert_eq!(there, [bootstrap("first", 1), bootstrap("second", 2)]);
}
