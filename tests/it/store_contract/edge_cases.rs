//! Edge cases: as they were recorded, in order, and resolved once.

use cfn::model::{ApprovalLevel, Severity, edge_case_kind};
use cfn::store::{NewEdgeCase, StoreError};

use super::{Backend, NOW, at, commit, insert, refused};

fn failing<'a>(failure: &'a str, input: &'a str) -> NewEdgeCase<'a> {
    NewEdgeCase {
        description: "It failed.",
        failure_reason: Some(failure),
        input_parameters: Some(input),
        expected_output: Some("one"),
        actual_output: None,
        severity: Some(Severity::High),
        now: at(NOW),
    }
}

pub(super) fn edge_cases_are_read_as_they_were_recorded_in_order(backend: &impl Backend) {
    let mut store = backend.open();
    let (jwt, first, second, other) = commit(store.as_mut(), |tx| {
        let jwt = insert(tx, "jwt", b"a", ApprovalLevel::Auto);
        let sql = insert(tx, "sql", b"b", ApprovalLevel::Auto);
        let first = tx.record_edge_case(jwt, &failing("no key", "{\"a\": 1}")).expect("recorded");
        let other = tx.record_edge_case(sql, &failing("no key", "")).expect("recorded");
        let second = tx.record_edge_case(jwt, &failing("no  key", "{\"a\":1}")).expect("recorded");
        (jwt, first, second, other)
    });
    let snapshot = store.read().expect("a snapshot");
    let ids = |of| snapshot.edge_cases(of).expect("a read").iter().map(|it| it.id).collect::<Vec<_>>();
    assert_eq!(ids(None), [first, other, second]);
    assert_eq!(ids(Some(jwt)), [first, second]);
    let (case, texts) = snapshot.edge_case(first).expect("a read").expect("a case");
    assert_eq!((case.skill_id, case.skill.as_deref(), case.description.as_str()), (jwt, Some("jwt"), "It failed."));
    assert_eq!((case.severity.as_deref(), case.resolved, case.resolved_at.as_ref()), (Some("high"), false, None));
    assert_eq!(case.detected_at.as_ref().map(cfn::model::StoredTime::as_str), Some(NOW));
    assert_eq!(texts.failure_reason.as_deref(), Some("no key"));
    assert_eq!((texts.expected_output.as_deref(), texts.actual_output.as_deref()), (Some("one"), None));
    assert_eq!(case.kind, edge_case_kind(jwt, Some("no key"), Some("{\"a\":1}")));
    let listed = snapshot.edge_cases(Some(jwt)).expect("a read");
    assert_eq!(listed.iter().filter(|it| it.kind == case.kind).count(), 2);
    assert_eq!(snapshot.edge_case(99).expect("a read"), None);
}

pub(super) fn an_edge_case_is_resolved_once(backend: &impl Backend) {
    let mut store = backend.open();
    let id = commit(store.as_mut(), |tx| {
        let jwt = insert(tx, "jwt", b"a", ApprovalLevel::Auto);
        tx.record_edge_case(jwt, &failing("no key", "")).expect("recorded")
    });
    let later = "2026-02-01 00:00:00";
    let resolved = commit(store.as_mut(), |tx| {
        [Some("mended"), Some("again")].map(|note| tx.resolve_edge_case(id, note, at(later)).expect("a write"))
    });
    assert_eq!(resolved, [true, false]);
    let (case, texts) = store.read().expect("a snapshot").edge_case(id).expect("a read").expect("a case");
    assert_eq!((case.resolved, case.resolved_at.as_ref().map(cfn::model::StoredTime::as_str)), (true, Some(later)));
    assert_eq!(texts.resolution_notes.as_deref(), Some("mended"));
    assert!(!commit(store.as_mut(), |tx| tx.resolve_edge_case(99, None, at(later)).expect("a write")));
}

pub(super) fn an_edge_case_of_no_skill_is_refused(backend: &impl Backend) {
    let mut store = backend.open();
    let jwt = commit(store.as_mut(), |tx| insert(tx, "jwt", b"a", ApprovalLevel::Auto));
    let nobody = cfn::model::SkillId(jwt.0 + 1);
    let error = refused(store.as_mut(), |tx| tx.record_edge_case(nobody, &failing("no key", "")));
    assert!(!matches!(error, StoreError::Busy { .. }), "{error}");
    assert_eq!(store.read().expect("a snapshot").edge_cases(None).expect("a read"), []);
}
