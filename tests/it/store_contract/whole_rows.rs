//! Rows with every column.

use cfn::model::{ApprovalLevel, SkillId};
use cfn::store::{Durability, Row, RowKind, Store, Transaction, write};
use serde_json::{Value, json};

use super::{Backend, commit, insert};

fn row(columns: &Value) -> Row {
    columns.as_object().cloned().expect("an object")
}

/// A skill of two versions, each table with every column that has a value of its own.
fn rows() -> [(RowKind, Row); 6] {
    let hashes = ["a".repeat(64), "b".repeat(64)];
    let time = "2025-01-31 12:00:00";
    let version = |id: i64, number: &str, hash: &str| {
        json!({
            "id": id, "skill_id": 40, "version": number, "content_hash": hash, "content_path": "p", "front_matter": "{}",
            "approval_level": "human", "source": "deploy", "created_at": time,
        })
    };
    let skill = json!({
        "id": 40, "name": "whole", "category": "domain", "team": "core", "content_path": "p", "content_hash": hashes[1],
        "tags": "[\"a\"]", "version": "1.0.1", "status": "deprecated", "approval_level": "human",
        "approval_criteria": "{}", "last_approved_by": "ann", "last_approval_date": time, "test_coverage": 0.5,
        "test_suite_path": "t", "required_test_pass_rate": 0.9, "phase4_pattern_id": 7, "generated_by": "phase4",
        "is_auto_generated": 1, "deprecation_note": "old", "owner": "bob", "created_at": time, "updated_at": time,
    });
    let mapping = json!({
        "agent_type": "dev", "skill_id": 40, "priority": 2, "required": 1, "conditions": "{ }", "tdd_condition": "{}",
        "notes": "n", "enabled": 0, "created_at": time, "updated_at": time,
    });
    let approval = json!({
        "id": 12, "skill_id": 40, "version": "1.0.0", "approval_level": "human", "approver": "ann",
        "decision": "approved", "reasoning": "r", "risk_assessment": "{}", "test_results": "{}",
        "approval_criteria_check": "{}", "escalation_reason": "e", "escalated_to": "w", "escalation_timestamp": time,
        "timestamp": time, "review_duration_minutes": 3, "content_hash": hashes[0],
    });
    let usage = json!({
        "id": 9, "agent_id": "a1", "agent_type": "dev", "skill_id": 40, "task_id": "t1", "phase": "build",
        "loaded_at": time, "execution_time_ms": 5, "confidence_before": 0.25, "confidence_after": 0.5,
        "success_indicator": 1, "test_suite_executed": 1, "test_pass_rate": 0.75, "notes": "n",
        "approval_level": "human", "phase4_generated": 1, "exit_code": 0, "version": "1.0.0",
        "content_hash": hashes[0], "tokens_avoided": 4, "cost_avoided_usd": 0.125,
    });
    [
        (RowKind::Skill, row(&skill)),
        (RowKind::Version, row(&version(77, "1.0.0", &hashes[0]))),
        (RowKind::Version, row(&version(78, "1.0.1", &hashes[1]))),
        (RowKind::Mapping, row(&mapping)),
        (RowKind::Approval, row(&approval)),
        (RowKind::Usage, row(&usage)),
    ]
}

pub(super) fn a_whole_row_comes_out_as_it_went_in(backend: &impl Backend) {
    let mut store = backend.open();
    let added = rows();
    let add = |tx: &mut dyn Transaction| added.iter().try_for_each(|(of, row)| tx.add_whole_row(*of, row).map(drop));
    write(store.as_mut(), Durability::Full, add).expect("rows");
    let snapshot = store.read().expect("a snapshot");
    for of in [RowKind::Skill, RowKind::Version, RowKind::Mapping, RowKind::Approval, RowKind::Usage] {
        let mut found = snapshot.whole_rows(of, Some(SkillId(40)), 0, 10).expect("rows");
        if of == RowKind::Mapping {
            for row in &mut found {
                row.remove("id");
            }
        }
        let expected: Vec<Row> = added.iter().filter(|(kind, _)| *kind == of).map(|(_, row)| row.clone()).collect();
        assert_eq!(json!(sorted(found)), json!(sorted(expected)), "{of:?}");
        assert_eq!(
            snapshot.whole_rows(of, None, 0, 10).expect("rows").len(),
            if of == RowKind::Version { 2 } else { 1 }
        );
        assert!(snapshot.whole_rows(of, Some(SkillId(41)), 0, 10).expect("rows").is_empty());
    }
    assert_eq!(snapshot.whole_rows(RowKind::Version, None, 77, 10).expect("rows").len(), 1, "after a key");
    assert_eq!(snapshot.whole_rows(RowKind::Version, None, 0, 1).expect("rows")[0]["version"], "1.0.0");
    let numbers: Vec<String> =
        snapshot.versions(SkillId(40)).expect("versions").into_iter().map(|it| it.version).collect();
    assert_eq!(numbers, ["1.0.1", "1.0.0"], "the order of the calls is that of recording");
    assert!(snapshot.versions(SkillId(40)).expect("versions")[1].approved);
}

fn sorted(rows: Vec<Row>) -> Vec<std::collections::BTreeMap<String, Value>> {
    rows.into_iter().map(|it| it.into_iter().collect()).collect()
}

pub(super) fn a_row_without_a_key_gets_one_and_a_taken_name_is_refused(backend: &impl Backend) {
    let mut store = backend.open();
    let there = commit(store.as_mut(), |tx| insert(tx, "there", b"there", ApprovalLevel::Human));
    let [(of, whole), ..] = rows();
    let mut keyless = whole.clone();
    keyless.remove("id");
    let added = write(store.as_mut(), Durability::Full, |tx| tx.add_whole_row(of, &keyless)).expect("a row");
    assert!(added > there.0);
    let again = |store: &mut dyn Store| write(store, Durability::Full, |tx| tx.add_whole_row(of, &keyless));
    assert!(again(store.as_mut()).is_err());
    let link = |tx: &mut dyn Transaction| tx.link_replacement(there, SkillId(added));
    write(store.as_mut(), Durability::Full, link).expect("a link");
    let rows = store.read().expect("a snapshot").whole_rows(RowKind::Skill, Some(there), 0, 1).expect("rows");
    assert_eq!((&rows[0]["name"], &rows[0]["replacement_id"]), (&json!("there"), &json!(added)));
}
