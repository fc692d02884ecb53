//! A skill that was handed out and then logged is one use.

use serde_json::Value;

use super::{ROWS, project};
use crate::harness::Project;

fn load(project: &Project, agent: &str, task: &str) {
    project.cfn(["load", "tester", "--agent-id", agent, "--task-id", task]).ok();
}

fn log(project: &Project, skill: &str, agent: &str, task: &str, more: &[&str]) {
    let task: &[&str] = if task.is_empty() { &[] } else { &["--task-id", task] };
    project.cfn([&["log", skill, "--agent-id", agent, "--agent-type", "tester"], task, more].concat()).ok();
}

/// Uses of a skill.
fn uses(project: &Project, skill: &str) -> i64 {
    let report = project.cfn(["analytics", "usage", "--json"]).json();
    let rows = report["tables"][0]["rows"].as_array().expect("rows").clone();
    rows.iter().filter(|row| row["skill"] == skill).filter_map(|row| row["uses"].as_i64()).sum()
}

fn count(project: &Project) -> String {
    project.sqlite3("SELECT count(*) FROM skill_usage_log")
}

#[test]
fn a_log_completes_what_was_loaded_once() {
    let project = project();
    load(&project, "a1", "t1");
    let loaded = project.sqlite3("SELECT loaded_at, version, content_hash FROM skill_usage_log WHERE skill_id = 2");
    log(&project, "beta", "a1", "t1", &["--exit-code", "3", "--execution-ms", "42", "--phase", "loop2"]);
    assert_eq!((uses(&project, "beta"), uses(&project, "alpha")), (1, 1));
    let row = "SELECT loaded_at, version, content_hash FROM skill_usage_log WHERE skill_id = 2 AND exit_code = 3
        AND execution_time_ms = 42 AND phase = 'loop2' AND success_indicator = 0 AND open_key IS NULL";
    assert_eq!(project.sqlite3(row), loaded, "when and what it got stays");
    log(&project, "beta", "a1", "t1", &["--exit-code", "0"]);
    assert_eq!(uses(&project, "beta"), 2, "a second log is a second use");
    // A log that says nothing of an outcome completes it as well.
    log(&project, "alpha", "a1", "t1", &[]);
    log(&project, "alpha", "a1", "t1", &["--exit-code", "0"]);
    assert_eq!(uses(&project, "alpha"), 2);
}

#[test]
fn only_the_same_agent_task_and_skill_is_the_same_use() {
    let project = project();
    load(&project, "a1", "t1");
    let before: i64 = count(&project).parse().expect("a number");
    log(&project, "beta", "a2", "t1", &[]);
    log(&project, "beta", "a1", "t2", &[]);
    log(&project, "gamma", "a2", "t1", &[]);
    log(&project, "beta", "a1", "", &[]);
    assert_eq!(count(&project), (before + 4).to_string());
    project.cfn(["load", "tester", "--agent-id", "a9"]).ok();
    let before: i64 = count(&project).parse().expect("a number");
    log(&project, "beta", "a9", "", &["--exit-code", "0"]);
    assert_eq!(count(&project), (before + 1).to_string(), "a task that is not named matches nothing");
}

#[test]
fn each_log_completes_one_of_several_loads() {
    let project = project();
    load(&project, "a1", "t1");
    load(&project, "a1", "t1");
    for code in ["0", "1", "2"] {
        log(&project, "beta", "a1", "t1", &["--exit-code", code]);
    }
    assert_eq!(uses(&project, "beta"), 3);
    let codes = project.sqlite3(
        "SELECT group_concat(exit_code) FROM (SELECT exit_code FROM skill_usage_log WHERE skill_id = 2 ORDER BY id)",
    );
    assert_eq!(codes, "1,0,2", "the last one first");
}

#[test]
fn a_batch_completes_too_and_what_another_program_completed_is_complete() {
    let project = project();
    load(&project, "a1", "t1");
    load(&project, "a2", "t1");
    project.sqlite3("UPDATE skill_usage_log SET exit_code = 7 WHERE agent_id = 'a2' AND skill_id = 2");
    let line = |agent: &str| {
        format!(r#"{{"id":1,"skill":"beta","agent_id":"{agent}","agent_type":"tester","task_id":"t1","exit_code":0}}"#)
    };
    let ran = project.cfn_with_input(["log", "--batch"], [line("a1"), line("a1"), line("a2")].join("\n").as_bytes());
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 3), "{ran:?}");
    let codes = "SELECT group_concat(agent_id || exit_code) FROM (SELECT * FROM skill_usage_log WHERE skill_id = 2 ORDER BY id)";
    assert_eq!(project.sqlite3(codes), "a10,a27,a10,a20");
}

#[test]
fn sums_follow_a_use_that_is_completed_after_it_was_added_up() {
    let project = project();
    project.sqlite3(ROWS);
    for task in ["t1", "t2", "t3"] {
        load(&project, "a1", task);
    }
    project.cfn(["analytics", "rebuild"]).ok();
    let money = ["--cost-avoided-usd", "0.0000004", "--tokens-avoided", "5"];
    let better = ["--confidence-before", "0.1", "--confidence-after", "0.9", "--exit-code", "0", "--execution-ms", "9"];
    log(&project, "beta", "a1", "t1", &[&money[..], &better].concat());
    assert_eq!(project.sqlite3("SELECT count(*) FROM usage_dirty"), "0", "no day has to be added up again");
    project.cfn(["analytics", "check"]).ok();
    // The same beside days that are to be added up again anyway.
    project.sqlite3("UPDATE skill_usage_log SET execution_time_ms = 1 WHERE id % 3 = 0");
    log(&project, "beta", "a1", "t2", &better);
    project.sqlite3("UPDATE skill_usage_log SET execution_time_ms = 2 WHERE id % 2 = 0");
    log(&project, "alpha", "a1", "t3", &better);
    project.cfn(["analytics", "check"]).ok();
    assert_eq!(project.sqlite3("SELECT count(*) FROM usage_dirty"), "0");
    // And while nobody vouches for the sums.
    project.sqlite3("DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema'");
    log(&project, "beta", "a1", "t3", &better);
    project.cfn(["analytics", "check"]).ok();
    let cost = project.cfn(["analytics", "cost", "--json"]).json();
    let sum = project.sqlite3("SELECT sum(CAST(round(coalesce(cost_avoided_usd, tokens_avoided * 5e-7) * 1e9) AS INTEGER)) FROM skill_usage_log");
    let said = &cost["tables"][0]["rows"][0]["usd_avoided"];
    assert_eq!(said, &Value::from(sum.parse::<f64>().expect("a number") / 1e9));
}

#[test]
fn a_use_that_went_to_an_archive_is_complete() {
    let project = project();
    load(&project, "a1", "t1");
    project.sqlite3("UPDATE skill_usage_log SET loaded_at = '2025-01-01 00:00:00'");
    project.cfn(["db", "archive", "--before", "2025-06-01", "--to", "old.gz"]).ok();
    log(&project, "beta", "a1", "t1", &["--exit-code", "0"]);
    assert_eq!(uses(&project, "beta"), 2);
    project.cfn(["db", "unarchive", "old.gz"]).ok();
    log(&project, "beta", "a1", "t1", &["--exit-code", "0"]);
    assert_eq!(uses(&project, "beta"), 2, "back in the log, it is open again");
    project.cfn(["analytics", "check"]).ok();
}
