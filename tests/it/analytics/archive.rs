//! Old rows out to a file, and back.

use std::fs;

use super::{ROWS, project};
use crate::harness::Project;

const REPORTS: [&str; 10] = [
    "overview",
    "effectiveness",
    "effectiveness-by-approval",
    "phase4-performance",
    "velocity",
    "bottlenecks",
    "by-approval",
    "approval-efficiency",
    "usage",
    "cost",
];
const DUMP: &str =
    "SELECT group_concat(x, ';') FROM (SELECT id || quote(agent_id) || quote(agent_type) || quote(skill_id) ||
    quote(task_id) || quote(phase) || quote(loaded_at) || quote(execution_time_ms) || quote(confidence_before) ||
    quote(confidence_after) || quote(success_indicator) || quote(notes) || quote(cost_avoided_usd) || typeof(notes) AS x
    FROM skill_usage_log ORDER BY id)";

fn filled() -> Project {
    let project = project();
    project.sqlite3(ROWS);
    project.sqlite3(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at, notes, confidence_after) VALUES
           ('a', 't', 77, '2025-11-15 01:00:00', x'00ff', 0.1), ('a', 't', 1, '2025-11-15 02:00:00', CAST(x'ff41' AS TEXT), 9e999),
           ('a', 't', 1, '2025-11-15', 'tab\tquote\"', 0.30000000000000004)",
    );
    project
}

fn answers(project: &Project) -> Vec<String> {
    let period = ["--since", "2025-11-15", "--until", "2025-11-17"];
    let ask = |args: &[&str]| {
        // How long something waits depends on when it is asked.
        if args[1] == "bottlenecks" { String::new() } else { project.cfn(args).ok() }
    };
    let all = REPORTS.iter().map(|report| ask(&["analytics", report, "--json"]));
    let some = REPORTS.iter().map(|report| ask(&[&["analytics", report, "--json"], &period[..]].concat()));
    all.chain(some).collect()
}

#[test]
fn reports_say_the_same_with_the_rows_out_and_back() {
    let project = filled();
    let (before, rows) = (answers(&project), project.sqlite3(DUMP));
    let said = project.cfn(["db", "archive", "--before", "2025-11-17", "--to", "old.gz", "--json"]).json();
    let old = said["moved"].as_u64().expect("a number");
    assert!(old > 40 && said["rows"] == old && said["kept"] == 0, "{said}");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), (203 - old).to_string());
    assert_eq!(answers(&project), before);
    project.cfn(["analytics", "check"]).ok();

    let again = project.cfn(["db", "archive", "--before", "2025-11-17", "--to", "old.gz", "--json"]).json();
    assert_eq!(again["moved"], 0);
    let other = project.cfn(["db", "archive", "--before", "2025-11-17", "--to", "other.gz"]).ok();
    assert_eq!(other, "no rows before 2025-11-17\n");
    assert!(!project.path().join("other.gz").exists());
    assert_eq!(answers(&project), before);

    assert_eq!(project.cfn(["db", "unarchive", "old.gz", "--json"]).json()["returned"], old);
    assert_eq!(project.sqlite3(DUMP), rows, "every row, with its id and types");
    assert_eq!(answers(&project), before);
    assert_eq!(project.cfn(["db", "unarchive", "old.gz", "--json"]).json()["returned"], 0);
    assert_eq!(project.sqlite3(DUMP), rows);
    assert_eq!(
        project.sqlite3(
            "SELECT (SELECT count(*) FROM usage_daily WHERE archive_id > 0) + (SELECT count(*) FROM usage_totals WHERE archived)
        + (SELECT count(*) FROM usage_archives) + (SELECT count(*) FROM usage_archive_parts)"
        ),
        "0"
    );
    project.cfn(["analytics", "check"]).ok();
    assert_eq!(project.leftovers(), [""; 0]);
}

#[test]
fn an_interrupted_run_goes_on_with_its_file() {
    let project = filled();
    let before = answers(&project);
    // As it is after a kill between naming the file and taking the rows out, with one row changed and one deleted since.
    project.cfn(["db", "archive", "--before", "2025-11-16", "--to", "old.gz"]).ok();
    project.cfn(["db", "unarchive", "old.gz"]).ok();
    assert_eq!(answers(&project), before);
    project
        .sqlite3("UPDATE skill_usage_log SET notes = 'changed' WHERE id = 5; DELETE FROM skill_usage_log WHERE id = 6");
    let changed = answers(&project);
    let said = project.cfn(["db", "archive", "--before", "2025-11-16", "--to", "old.gz", "--json"]).json();
    assert_eq!(said["kept"], 2);
    assert_eq!(answers(&project), changed);
    project.cfn(["db", "unarchive", "old.gz"]).ok();
    assert_eq!(answers(&project), changed);
    assert_eq!(
        project.sqlite3("SELECT group_concat(id || coalesce(notes, '')) FROM skill_usage_log WHERE id IN (5, 6)"),
        "5changed"
    );
}

#[test]
fn a_file_that_is_not_whole_is_refused() {
    let project = filled();
    project.cfn(["db", "archive", "--before", "2025-11-17", "--to", "old.gz"]).ok();
    let (out, whole) = (project.sqlite3(DUMP), fs::read(project.path().join("old.gz")).expect("a file"));
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&whole[..whole.len() - 9], &whole[..20], &flipped, b"no gzip", b""] {
        project.file("damaged.gz", damaged);
        project.fails_as(["db", "unarchive", "damaged.gz"], 2, "archive_refused");
        project.cfn(["db", "archive", "--before", "2025-12-01", "--to", "damaged.gz"]).fails(2);
    }
    project.cfn(["db", "unarchive", "missing.gz"]).fails(2);
    assert_eq!(project.sqlite3(DUMP), out);
    let other = super::project();
    other.file("old.gz", &whole);
    other.fails_as(["db", "unarchive", "old.gz"], 2, "archive_refused");
    project.cfn(["db", "archive", "--before", "2025-11-18", "--to", "old.gz"]).fails(2);
}

/// A table of the old layout without AUTOINCREMENT gives the ids of rows that left to new ones.
#[test]
fn rows_whose_ids_were_given_away_come_back_under_others() {
    let project = filled();
    let before = project.sqlite3("SELECT count(*) || ' ' || sum(confidence_before) FROM skill_usage_log");
    project.cfn(["db", "archive", "--before", "2025-11-17", "--to", "old.gz"]).ok();
    project.sqlite3("INSERT INTO skill_usage_log (id, agent_id, agent_type, skill_id, confidence_before) VALUES (1, 'new', 't', 1, 0)");
    let reports = answers(&project);
    let said = project.cfn(["db", "unarchive", "old.gz"]).ok();
    assert!(said.contains("1 of them have new ids"), "{said}");
    assert_eq!(answers(&project), reports);
    assert_eq!(project.sqlite3("SELECT agent_id FROM skill_usage_log WHERE id = 1"), "new");
    let after = project
        .sqlite3("SELECT count(*) || ' ' || sum(confidence_before) FROM skill_usage_log WHERE agent_id <> 'new'");
    assert_eq!(after, before);
    project.cfn(["analytics", "check"]).ok();
    assert_eq!(project.cfn(["db", "unarchive", "old.gz", "--json"]).json()["returned"], 0);
}
