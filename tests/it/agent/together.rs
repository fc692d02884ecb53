//! Several agents at once: how many, within which memory, and what is said about them.

use std::collections::BTreeSet;
use std::fs;

use super::scene::{
    assert_nothing_left, detach, handles_interrupts, kill, project, refused, rows, spawn, start, state,
};
use crate::harness::{Project, Ran};
use crate::patience::eventually;

/// A script that notes how many of its kind run at once, in a folder of the project.
const CROWD: &str = "mkdir -p $PROJECT_ROOT/crowd; touch $PROJECT_ROOT/crowd/$AGENT_ID; \
                     ls $PROJECT_ROOT/crowd | wc -l >> $PROJECT_ROOT/counts; sleep 0.3; rm $PROJECT_ROOT/crowd/$AGENT_ID";

/// The most agents that [`CROWD`] saw at once.
fn most(project: &Project) -> u32 {
    let counts = fs::read_to_string(project.path().join("counts")).expect("counts");
    counts.lines().map(|it| it.trim().parse().expect("a number")).max().expect("a count")
}

#[test]
fn as_many_agents_as_may_run_at_once() {
    let project = project();
    let ran = spawn(&project, &["--count", "7", "--parallel", "3", "--", "sh", "-c", CROWD]);
    let ids: BTreeSet<String> = ran.ok().lines().map(str::to_owned).collect();
    assert!(ids.len() == 7 && (2..=3).contains(&most(&project)), "{ids:?}, {}", most(&project));
    assert_eq!(rows(&project, "count(DISTINCT agent_id), sum(exit_code)"), ["7|0"]);
    assert_eq!(project.sqlite3("SELECT count(*), count(DISTINCT agent_id) FROM skill_usage_log"), "14|7");
    fs::remove_file(project.path().join("counts")).expect("counts");
    let mut command = project.command(["agent", "spawn", "tester", "--count", "4", "--", "sh", "-c", CROWD]);
    Ran::from(command.env("CFN_MAX_PARALLEL_AGENTS", "1").output().expect("cfn runs")).ok();
    assert_eq!(most(&project), 1);
}

#[test]
fn several_agents_end_with_the_code_of_all_or_with_one_and_a_table() {
    let project = project();
    let same = spawn(&project, &["--count", "3", "--", "sh", "-c", "exit 5"]);
    assert_eq!((same.code, same.stderr.as_str()), (Some(5), ""));
    let differs = "mkdir $PROJECT_ROOT/first && exit 3; exit 0";
    let ran = spawn(&project, &["--count", "3", "--parallel", "1", "--", "sh", "-c", differs]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 3), "{ran:?}");
    let first = ran.stdout.lines().next().expect("an id");
    let line = ran.stderr.lines().find(|it| it.starts_with(first)).expect("a line about it");
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), [first, "exited", "3"]);
    let said = spawn(&project, &["--json", "--count", "2", "--", "true"]).ok();
    let said: Vec<serde_json::Value> = said.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    assert_eq!(said.iter().map(|it| it["result"]["exit_code"].clone()).collect::<Vec<_>>(), [0, 0]);
}

#[test]
fn an_agent_that_does_not_fit_into_the_budget_waits_its_turn() {
    let project = project();
    let memory = ["--memory", "64m", "--budget", "130m", "--parallel", "9"];
    let large = [&memory[..], &["--count", "5", "--", "sh", "-c", CROWD]].concat();
    let other = start(&project, &large);
    spawn(&project, &large).ok();
    assert!(other.wait_with_output().expect("it ends").status.success());
    assert!(most(&project) <= 2, "of both commands together");
    assert_eq!(rows(&project, "count(*), sum(exit_code)"), ["10|0"]);
    refused(&project, &["--memory", "1g", "--budget", "512m", "--", "true"], 1, "invalid_input");
    assert_eq!(spawn(&project, &["--budget", "1g", "--", "true"]).code, Some(1), "a budget is about limits");
}

#[test]
fn a_signal_ends_those_that_run_and_starts_no_more() {
    let project = project();
    let child = start(&project, &["--count", "9", "--parallel", "2", "--", "sleep", "60"]);
    eventually("two run", || project.cfn(["agent", "ps", "--json"]).json()["runs"].as_array().map(Vec::len) == Some(2));
    eventually("they began", || {
        let runs = project.cfn(["agent", "ps", "--json"]).json();
        runs["runs"].as_array().expect("runs").iter().all(|it| it["supervisor"].is_u64())
    });
    kill("-TERM", &child.id().to_string());
    let ran: Ran = child.wait_with_output().expect("cfn ends").into();
    assert_eq!(ran.code, Some(143), "{ran:?}");
    assert_eq!(rows(&project, "reason, count(*)"), ["stopped|2"]);
}

#[test]
fn a_command_that_waits_for_room_ends_by_a_signal_and_starts_nothing() {
    let project = project();
    let first = detach(&project, &["--memory", "64m", "--", "sleep", "60"]);
    let child = start(&project, &["--agent-id", "second", "--memory", "64m", "--budget", "100m", "--", "true"]);
    eventually("it takes signals", || handles_interrupts(child.id()));
    assert!(!state(&project, "second").exists());
    kill("-INT", &child.id().to_string());
    let ran: Ran = child.wait_with_output().expect("cfn ends").into();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(130), ""), "{ran:?}");
    project.cfn(["agent", "stop", &first]).ok();
    assert_eq!(rows(&project, "agent_id"), [first]);
}

#[test]
fn what_agents_write_is_followed_on_stderr() {
    let project = project();
    let script = "echo out; echo problem >&2; sleep 0.2; printf last";
    let ran = spawn(&project, &["--follow", "--", "sh", "-c", script]);
    assert!(ran.code == Some(0) && ran.stdout.lines().count() == 1, "{ran:?}");
    assert!(ran.stderr.starts_with("out\n") && ran.stderr.contains("problem\n"), "{ran:?}");
    assert!(ran.stderr.ends_with("last"), "{ran:?}");
    let ran = spawn(&project, &["--follow", "--count", "2", "--", "sh", "-c", "echo one; printf two"]);
    let mut lines: Vec<_> = ran.stderr.lines().map(str::to_owned).collect();
    lines.sort();
    let mut expected: Vec<_> = ran.stdout.lines().flat_map(|it| [format!("{it}: one"), format!("{it}: two")]).collect();
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn many_agents_at_once_leave_nothing_and_lose_no_row() {
    let count = std::env::var("CFN_TESTS_AGENTS_AT_ONCE").unwrap_or_else(|_| "48".to_owned());
    let project = project();
    let mark = format!("mark-{}-many", std::process::id());
    let hostile = "trap '' TERM; (setsid sh -c \"trap '' TERM; while :; do sleep 0.1; done\" $0 &); echo $AGENT_ID";
    let limited = ["--memory", "64m", "--skills", "prompt", "--grace", "0.2", "--count", &count, "--parallel", "16"];
    let ids = spawn(&project, &[&limited[..], &["--", "sh", "-c", hostile, &mark]].concat()).ok();
    assert_eq!(ids.lines().collect::<BTreeSet<_>>().len().to_string(), count);
    assert_eq!(rows(&project, "count(DISTINCT agent_id), sum(exit_code)"), [format!("{count}|0")]);
    assert_eq!(project.sqlite3("SELECT count(DISTINCT agent_id) FROM skill_usage_log"), count);
    for id in ids.lines() {
        assert_nothing_left(id, &mark);
        assert_eq!(project.cfn(["agent", "logs", id]).ok(), format!("{id}\n"));
    }
    assert_eq!(project.cfn(["agent", "ps"]).ok(), "no agent runs\n");
}
