//! Runs that do what they should.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::scene::{
    HOG, HOSTILE, assert_nothing_left, detach, handles_interrupts, kill, marked, project, refused, rows, shown, spawn,
    start, until_ready,
};
use crate::patience::eventually;

/// The only agent that a spawn said.
fn said(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() == 1 && lines[0].starts_with("agent-tester-"), "{text}");
    lines[0].to_owned()
}

#[test]
fn an_agent_has_its_skills_its_identity_and_its_exit_code() {
    let project = project();
    let script = "ls .claude/skills; cat .claude/skills/alpha/SKILL.md; echo $AGENT_TYPE $TASK_ID $ITERATION $SECRET; \
                  pwd; echo problem >&2; exit 3";
    let mut command = project.command(["agent", "spawn", "tester", "--task", "t1", "--", "sh", "-c", script]);
    let ran: crate::harness::Ran = command.env("SECRET", "s3cret").output().expect("cfn runs").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let agent = said(&ran.stdout);
    let logs = project.cfn(["agent", "logs", &agent]);
    let workspace = fs::canonicalize(project.path().join(".cfn-workspaces").join(&agent)).expect("a workspace");
    assert!(logs.stdout.starts_with("alpha\nbeta\n---\nname: alpha\n"), "{logs:?}");
    assert!(logs.stdout.ends_with(&format!("tester t1 1\n{}\n", workspace.display())), "{logs:?}");
    assert_eq!(logs.stderr, "problem\n");
    assert_eq!(fs::metadata(&workspace).expect("a workspace").permissions().mode() & 0o777, 0o700);
    let used = project.sqlite3("SELECT count(*) || ' ' || min(agent_id) || ' ' || min(task_id) FROM skill_usage_log");
    assert_eq!(used, format!("2 {agent} t1"));
    assert_eq!(rows(&project, "agent_id, task_id, reason, exit_code"), [format!("{agent}|t1|exited|3")]);
    let shown = shown(&project, &agent);
    assert_eq!((&shown["state"], &shown["skills"]), (&json!("exited"), &json!(["alpha 1.0.0", "beta 1.0.0"])));
    assert_nothing_left(&agent, "no-mark");
}

#[test]
fn skills_may_come_in_a_file_or_not_at_all() {
    let project = project();
    let agent = said(&spawn(&project, &["--skills", "prompt", "--", "sh", "-c", "cat $CFN_SKILLS_PROMPT; ls -A"]).ok());
    let logs = project.cfn(["agent", "logs", &agent]).ok();
    assert!(logs.contains("Do alpha.") && logs.contains("Do beta.") && !logs.contains(".claude"), "{logs}");
    let agent = said(&spawn(&project, &["--skills", "none", "--", "sh", "-c", "echo $CFN_SKILLS_PROMPT; ls -A"]).ok());
    assert_eq!(project.cfn(["agent", "logs", &agent]).ok(), "\n");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "2");
}

#[test]
fn json_is_what_an_orchestrator_reads_with_the_result() {
    let project = project();
    let said = spawn(&project, &["--json", "--agent-id", "mine", "--mode", "mvp", "--", "true"]).json();
    assert_eq!((&said["agentId"], &said["status"]), (&json!("mine"), &json!("exited")));
    assert_eq!(said["metadata"]["mode"], "mvp");
    assert_eq!((&said["result"]["exit_code"], said["pid"].is_u64()), (&json!(0), true), "{said}");
    refused(&project, &["--agent-id", "mine", "--", "true"], 7, "agent_id_taken");
    project.fails_as(["agent", "show", "other"], 4, "run_not_found");
    assert_eq!(spawn(&project, &["--agent-id", "../x", "--", "true"]).code, Some(1));
}

#[test]
fn a_command_that_is_not_there_has_a_row_that_says_so() {
    let project = project();
    let ran = spawn(&project, &["--", "no-such-program"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(127), "note: there is no command no-such-program\n"));
    assert_eq!(rows(&project, "reason, exit_code, detail"), ["exited|127|there is no command no-such-program"]);
}

#[test]
fn a_deadline_ends_a_hostile_agent_and_all_that_it_started() {
    let project = project();
    let mark = format!("mark-{}-deadline", std::process::id());
    let ran = spawn(&project, &["--timeout", "1", "--grace", "0.2", "--", "python3", "-c", HOSTILE, &mark]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(124), "note: the agent was ended after 1 seconds\n"));
    assert_nothing_left(&said(&ran.stdout), &mark);
    assert_eq!(rows(&project, "reason, exit_code, duration_ms >= 1000"), ["timeout|124|1"]);
}

#[test]
fn an_agent_with_too_much_memory_is_ended_and_nothing_else() {
    let project = project();
    let other = detach(&project, &["--memory", "64m", "--", "sleep", "60"]);
    let ran = spawn(&project, &["--memory", "64m", "--", "python3", "-c", HOG]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    assert_eq!(rows(&project, "reason, exit_code, peak_bytes > 60000000"), ["memory|137|1"]);
    assert_eq!(shown(&project, &other)["state"], "running");
    project.cfn(["agent", "stop", &other]).ok();
}

#[test]
fn the_processors_time_of_a_short_command_is_counted() {
    let project = project();
    for _ in 0..5 {
        spawn(&project, &["--", "sh", "-c", "i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done"]).ok();
    }
    // The kernel has it in hundredths of a second too: then all would be multiples of ten.
    let counted = rows(&project, "cpu_ms % 10 > 0");
    assert!(counted.len() == 5 && counted.iter().any(|it| it == "1"), "{counted:?}");
}

#[test]
fn node_is_told_its_memory_where_nobody_told_it() {
    let project = project();
    let print = ["--", "sh", "-c", "echo $NODE_OPTIONS"];
    let agent = said(&spawn(&project, &[&["--memory", "1g"], &print[..]].concat()).ok());
    assert_eq!(project.cfn(["agent", "logs", &agent]).ok(), "--max-old-space-size=768\n");
    let own = said(&spawn(&project, &[&["--memory", "1g", "--env", "NODE_OPTIONS=-x"], &print[..]].concat()).ok());
    assert_eq!(project.cfn(["agent", "logs", &own]).ok(), "-x\n");
}

#[test]
fn a_detached_agent_is_listed_waited_for_and_stopped() {
    let project = project();
    let mark = format!("mark-{}-detached", std::process::id());
    let hostile = detach(&project, &["--task", "t1", "--grace", "0.2", "--", "python3", "-c", HOSTILE, &mark]);
    until_ready(&project, &hostile);
    let listed = project.cfn(["agent", "ps", "--json"]).json();
    assert_eq!((&listed["runs"][0]["agent_id"], &listed["runs"][0]["state"]), (&json!(hostile), &json!("running")));
    assert_eq!(project.cfn(["agent", "wait", &hostile, "--timeout", "0.1"]).code, Some(124));
    project.cfn(["agent", "stop", "--task", "t1"]).ok();
    assert_nothing_left(&hostile, &mark);
    assert_eq!(project.cfn(["agent", "wait", &hostile]).code, Some(143), "it was asked to end by SIGTERM");
    assert_eq!(rows(&project, "reason"), ["stopped"]);
    let quick = detach(&project, &["--", "sh", "-c", "sleep 0.2; exit 5"]);
    assert_eq!(project.cfn(["agent", "wait", &quick]).code, Some(5));
    assert_eq!(project.cfn(["agent", "wait", &quick, &hostile]).code, Some(1), "they differ");
    assert_eq!(project.cfn(["agent", "ps"]).ok(), "no agent runs\n");
    assert_eq!(project.cfn(["agent", "ps", "--all", "--json"]).json()["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_signal_to_the_spawning_command_reaches_the_agent() {
    let project = project();
    let script = "trap 'exit 9' TERM; : > \"$PROJECT_ROOT/ready\"; while :; do sleep 0.05; done";
    let child = start(&project, &["--", "sh", "-c", script]);
    eventually("both take signals", || project.path().join("ready").exists() && handles_interrupts(child.id()));
    kill("-TERM", &child.id().to_string());
    let ran: crate::harness::Ran = child.wait_with_output().expect("cfn ends").into();
    assert_eq!(ran.code, Some(9), "{ran:?}");
}

#[test]
fn logs_are_followed_up_to_the_end() {
    let project = project();
    let agent = detach(&project, &["--", "sh", "-c", "echo one; sleep 0.3; echo two"]);
    assert_eq!(project.cfn(["agent", "logs", "-f", &agent]).ok(), "one\ntwo\n");
}

#[test]
fn stdin_is_nothing_a_file_or_that_of_the_command() {
    let project = project();
    let file = project.file("input.txt", "from a file\n");
    let logs = |said: &str| project.cfn(["agent", "logs", said.trim()]).ok();
    assert_eq!(logs(&spawn(&project, &["--", "cat"]).ok()), "");
    assert_eq!(logs(&spawn(&project, &["--stdin", file.to_str().expect("a path"), "--", "cat"]).ok()), "from a file\n");
    let args = ["agent", "spawn", "tester", "--stdin", "-", "--", "cat"];
    let ran = project.cfn_with_input(args, b"from stdin\n").ok();
    assert_eq!(logs(&ran), "from stdin\n");
}

#[test]
fn cleanup_removes_what_ended_and_leaves_what_runs() {
    let project = project();
    let ended = said(&spawn(&project, &["--", "true"]).ok());
    let mark = format!("mark-{}-cleanup", std::process::id());
    let running = detach(&project, &["--", "sh", "-c", "while :; do sleep 0.1; done", &mark]);
    let would = project.cfn(["agent", "cleanup", "--older", "0s", "--dry-run", "--json"]).json();
    assert_eq!(would["removed"], json!([ended]));
    assert_eq!(project.cfn(["agent", "cleanup"]).ok(), "removed the folders of 0 runs\n");
    assert_eq!(project.cfn(["agent", "cleanup", "--older", "0s"]).ok(), "removed the folders of 1 run\n");
    let workspaces = project.path().join(".cfn-workspaces");
    assert!(!workspaces.join(&ended).exists() && workspaces.join(&running).exists());
    assert_eq!(marked(&mark).len(), 1);
    assert_eq!(shown(&project, &ended)["state"], "exited", "the history has it");
    project.cfn(["agent", "stop", "--all"]).ok();
    assert!(marked(&mark).is_empty());
}

#[test]
fn the_deadline_follows_the_successful_runs_of_the_type() {
    let project = project();
    let deadline = || {
        let agent = spawn(&project, &["--complexity", "auto", "--", "true"]).ok();
        shown(&project, agent.trim())["timeout_seconds"].as_u64().expect("a number")
    };
    assert_eq!(deadline(), 300, "nothing is known yet");
    let add = |from: u32, agent_type: &str, reason: &str, code: u32| {
        let file = project.database().with_file_name("skills-work.db");
        let sql = format!(
            "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {from} + 39)
             INSERT INTO agent_runs (agent_id, agent_type, runtime, started_at, ended_at, reason, exit_code, duration_ms)
             SELECT 'agent-' || i, '{agent_type}', 'process', '', '', '{reason}', {code}, 200000 + i FROM n"
        );
        let output = std::process::Command::new("sqlite3").arg(file).arg(sql).output().expect("sqlite3 runs");
        assert!(output.status.success(), "{output:?}");
    };
    add(1_000_000, "tester", "timeout", 124);
    add(2_000_000, "tester", "exited", 1);
    add(3_000_000, "reviewer", "exited", 0);
    assert_eq!(deadline(), 300, "none of these is a success of a tester");
    add(1, "tester", "exited", 0);
    assert_eq!(deadline(), 401, "twice 200.038 s, which 95 of 100 of 42 runs stay below");
}
