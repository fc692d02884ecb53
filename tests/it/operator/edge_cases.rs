//! `cfn edge-case`, and `cfn update --resolves`.

use std::process::Stdio;

use crate::harness::Project;
use crate::scene::{deploy, dump, path_of, with_skill};

fn record(project: &Project, skill: &str, failure: &str, input: &str) -> serde_json::Value {
    let words = ["edge-case", "record", skill, "--description", "It failed.", "--failure", failure, "--input", input];
    project.cfn(words.iter().chain(&["--json"])).json()
}

#[test]
fn edge_cases_of_a_kind_are_counted_and_listed_together() {
    let project = with_skill("sql", "domain", "dev");
    deploy(&project, "jwt", "First.", &[]);
    let first = record(&project, "sql", "no such table", r#"{"a": 1, "b": 2}"#);
    record(&project, "jwt", "no such table", "x");
    let again = record(&project, "sql", "no such  table", r#"{"b":2,"a":1}"#);
    assert_eq!((&first["count"], &again["count"]), (&1.into(), &2.into()));
    assert_eq!(first["kind"], again["kind"]);
    let kind = first["kind"].as_str().expect("a hash");
    let list = project.cfn(["edge-case", "list", "--json"]).json();
    let kinds: Vec<_> =
        list["kinds"].as_array().expect("a list").iter().map(|it| (&it["skill"], &it["count"])).collect();
    assert_eq!(kinds, [(&"sql".into(), &2.into()), (&"jwt".into(), &1.into())]);
    assert_eq!(list["kinds"][0]["ids"], serde_json::json!([1, 3]));
    let text = project.cfn(["edge-case", "list", "sql"]).ok();
    assert!(text.contains(&kind[..12]) && !text.contains("jwt"), "{text}");
    let shown = project.cfn(["edge-case", "show", &kind[..8]]).ok();
    assert!(shown.contains("2 recorded, 2 open: 1, 3") && shown.contains("no such  table"), "{shown}");
    project.assert_whole();
}

#[test]
fn old_rows_are_shown_and_resolved_too() {
    let project = with_skill("sql", "domain", "dev");
    project.sqlite3("INSERT INTO edge_case_tracking (skill_id, edge_case_description) VALUES (1, 'odd\x1b[2J')");
    project.sqlite3("PRAGMA foreign_keys = OFF; INSERT INTO edge_case_tracking (skill_id, edge_case_description, resolved, severity) VALUES (77, 'gone', NULL, 'low')");
    let list = project.cfn(["edge-case", "list"]).ok();
    assert!(list.contains("(gone)") && list.contains("odd") && !list.contains('\x1b'), "{list}");
    assert!(!project.cfn(["edge-case", "show", "1"]).ok().contains('\x1b'));
    assert_eq!(project.cfn(["edge-case", "list", "--severity", "low", "--json"]).json()["kinds"][0]["ids"][0], 2);
    project.cfn(["edge-case", "resolve", "1", "2"]).ok();
    assert_eq!(project.sqlite3("SELECT sum(resolved), count(resolved_at) FROM edge_case_tracking"), "2|2");
    assert_eq!(project.cfn(["edge-case", "list", "--open"]).ok(), "no edge cases\n");
}

#[test]
fn an_edge_case_is_resolved_once_by_its_id_or_its_kind() {
    let project = with_skill("sql", "domain", "dev");
    for input in ["x", "x", "y"] {
        record(&project, "sql", "f", input);
    }
    let kind = record(&project, "sql", "f", "x")["kind"].as_str().expect("a hash").to_owned();
    let before = dump(&project);
    let dry = project.cfn(["edge-case", "resolve", &kind, "--dry-run"]).ok();
    assert_eq!(dry.lines().filter(|it| it.starts_with("dry run: ") && it.ends_with(": resolved")).count(), 3);
    assert_eq!(dump(&project), before);
    project.cfn(["edge-case", "resolve", "2", "--note", "mended"]).ok();
    let again = project.cfn(["edge-case", "resolve", &kind[..8], "--note", "all of them"]).ok();
    assert_eq!(again.lines().filter(|it| it.ends_with("was resolved before")).count(), 1, "{again}");
    assert_eq!(
        project.sqlite3("SELECT group_concat(coalesce(resolution_notes, '-')) FROM edge_case_tracking"),
        "all of them,mended,-,all of them"
    );
    assert_eq!(project.cfn(["edge-case", "list", "--open", "--json"]).json()["kinds"][0]["ids"][0], 3);
    assert_eq!(project.cfn(["edge-case", "list", "--resolved", "--json"]).json()["kinds"][0]["count"], 3);
}

#[test]
fn an_update_resolves_edge_cases_in_its_transaction() {
    let project = with_skill("sql", "domain", "dev");
    deploy(&project, "jwt", "First.", &[]);
    record(&project, "sql", "f", "x");
    record(&project, "jwt", "f", "x");
    project.skill("sql", "Second.");
    let path = path_of("sql");
    let before = dump(&project);
    project.fails_as(["update", "sql", &path, "--patch", "--resolves", "1,2"], 7, "edge_case_elsewhere");
    project.fails_as(["update", "sql", &path, "--patch", "--resolves", "9"], 4, "edge_case_not_found");
    assert_eq!(dump(&project), before);
    let report = project.cfn(["update", "sql", &path, "--patch", "--resolves", "1", "--json"]).json();
    assert_eq!((&report["version"], &report["resolved"][0]["id"]), (&"1.0.1".into(), &1.into()));
    assert_eq!(
        project.sqlite3("SELECT resolved, resolution_notes FROM edge_case_tracking WHERE id = 1"),
        "1|Resolved by version 1.0.1"
    );
    project.skill("sql", "Third.");
    let ran = project.cfn(["update", "sql", &path, "--patch", "--resolves", "1"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), "warning: edge case 1 was resolved before\n"), "{ran:?}");
}

#[test]
fn bad_input_is_refused() {
    let project = with_skill("sql", "domain", "dev");
    let before = dump(&project);
    let long = "x".repeat(64 * 1024 + 1);
    for words in [
        &["record", "sql"][..],
        &["record", "sql", "--description", " "],
        &["record", "sql", "--description", &long],
        &["record", "sql", "--description", "x", "--severity", "hihg"],
        &["list", "--open", "--resolved"],
        &["show", "abc"],
        &["resolve"],
    ] {
        project.fails_as(["edge-case"].iter().chain(words), 1, "invalid_arguments");
    }
    let hint = &project.fails_as(["edge-case", "record", "sqk", "--description", "x"], 4, "skill_not_found")["hint"];
    assert!(hint.as_str().is_some_and(|it| it.contains("sql")), "{hint}");
    project.fails_as(["edge-case", "show", "1"], 4, "edge_case_not_found");
    project.fails_as(["edge-case", "resolve", "12345678"], 4, "edge_case_not_found");
    let dry = project.cfn(["edge-case", "record", "sql", "--description", "x", "--dry-run"]).ok();
    assert!(dry.starts_with("dry run: would record an edge case of sql"), "{dry}");
    assert_eq!(dump(&project), before);
}

#[test]
fn of_two_that_resolve_at_once_one_wins_and_the_other_says_so() {
    let project = with_skill("sql", "domain", "dev");
    record(&project, "sql", "f", "x");
    let start = || {
        let mut command = project.command(["edge-case", "resolve", "1"]);
        command.stdout(Stdio::piped()).spawn().expect("cfn starts")
    };
    let mut said = [start(), start()].map(|it| {
        let output = it.wait_with_output().expect("cfn ends");
        String::from_utf8_lossy(&output.stdout).contains("before")
    });
    said.sort_unstable();
    assert_eq!(said, [false, true]);
}
