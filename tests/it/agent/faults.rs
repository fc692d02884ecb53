//! What may go wrong while an agent runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::scene::{
    HOSTILE, assert_nothing_left, detach, kill, marked, project, refused, rows, shown, spawn, start, state, supervisor,
    until_ready,
};
use crate::faults::tools::must;
use crate::harness::{Project, Ran, binary, install};
use crate::patience::eventually;

#[test]
fn what_a_killed_supervisor_leaves_is_ended_by_the_next_command() {
    let project = project();
    let mark = format!("mark-{}-supervisor", std::process::id());
    let agent = detach(&project, &["--", "python3", "-c", HOSTILE, &mark]);
    until_ready(&project, &agent);
    kill("-KILL", &supervisor(&project, &agent));
    eventually("the lock is free", || !marked(&mark).is_empty());
    let ran = project.cfn(["agent", "ps"]);
    assert!(ran.stderr.contains(&format!("the supervisor of {agent} was killed")), "{ran:?}");
    assert_nothing_left(&agent, &mark);
    assert_eq!(rows(&project, "agent_id, reason, exit_code IS NULL"), [format!("{agent}|lost|1")]);
    assert_eq!(project.cfn(["agent", "wait", &agent]).code, Some(1));
}

#[test]
fn a_command_that_waits_says_that_the_supervisor_was_killed() {
    let project = project();
    let mark = format!("mark-{}-waits", std::process::id());
    let child = start(&project, &["--agent-id", "waits-for-killed", "--", "python3", "-c", HOSTILE, &mark]);
    eventually("it runs", || state(&project, "waits-for-killed").join("running.json").exists());
    until_ready(&project, "waits-for-killed");
    kill("-KILL", &supervisor(&project, "waits-for-killed"));
    let ran: Ran = child.wait_with_output().expect("cfn ends").into();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_nothing_left("waits-for-killed", &mark);
    assert_eq!(rows(&project, "reason"), ["lost"]);
}

#[test]
fn a_killed_spawn_leaves_its_run_to_the_supervisor() {
    let project = project();
    let mut child = start(&project, &["--agent-id", "of-killed-spawn", "--", "sh", "-c", "sleep 0.7; echo done"]);
    eventually("it runs", || state(&project, "of-killed-spawn").join("running.json").exists());
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert_eq!(project.cfn(["agent", "wait", "of-killed-spawn"]).code, Some(0));
    assert_eq!(project.cfn(["agent", "logs", "of-killed-spawn"]).ok(), "done\n");
    assert_eq!(rows(&project, "reason, exit_code"), ["exited|0"]);
}

/// Holds the write lock of the history while `work` runs.
fn while_busy(project: &Project, work: impl FnOnce()) {
    let file = project.database().with_file_name("skills-work.db");
    let mut holder = Command::new("sqlite3");
    holder.arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().expect("sqlite3 starts");
    let mut input = holder.stdin.take().expect("a pipe");
    input.write_all(b"BEGIN IMMEDIATE;\nSELECT 'held';\n").expect("it listens");
    let mut line = String::new();
    BufReader::new(holder.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert_eq!(line, "held\n");
    work();
    drop(input);
    holder.wait().expect("it ends");
}

#[test]
fn a_result_that_the_busy_history_cannot_take_is_taken_in_later() {
    let project = project();
    spawn(&project, &["--agent-id", "first", "--", "true"]).ok();
    while_busy(&project, || {
        let mut command =
            project.command(["agent", "spawn", "tester", "--agent-id", "second", "--", "sh", "-c", "exit 4"]);
        let ran: Ran = command.env("CFN_BUSY_TIMEOUT_MS", "100").output().expect("cfn runs").into();
        assert_eq!(ran.code, Some(4), "{ran:?}");
        assert_eq!(rows(&project, "agent_id"), ["first"]);
        assert!(state(&project, "second").join("result.json").exists());
        let mut show = project.command(["agent", "show", "second", "--json"]);
        let shown: Ran = show.env("CFN_BUSY_TIMEOUT_MS", "100").output().expect("cfn runs").into();
        assert_eq!(shown.json()["result"]["exit_code"], 4);
    });
    project.cfn(["agent", "ps"]).ok();
    assert_eq!(rows(&project, "agent_id, exit_code"), ["first|0", "second|4"]);
}

#[test]
fn a_result_survives_a_database_that_is_gone_for_a_while() {
    let project = project();
    let agent = detach(&project, &["--", "sh", "-c", "sleep 0.5; exit 4"]);
    let (there, away) = (project.path().join(".claude/skills-database"), project.path().join("away"));
    fs::rename(&there, &away).expect("it goes");
    let result = state(&project, &agent).join("result.json");
    eventually("it ended", || result.exists());
    fs::rename(&away, &there).expect("it comes back");
    assert_eq!(project.cfn(["agent", "wait", &agent]).code, Some(4));
    assert_eq!(rows(&project, "reason, exit_code"), ["exited|4"]);
}

/// Changes what the supervisor of a run said about itself.
fn change_running(project: &Project, agent: &str, change: impl FnOnce(&mut Value)) {
    let path = state(project, agent).join("running.json");
    let mut running: Value = serde_json::from_slice(&fs::read(&path).expect("it runs")).expect("JSON");
    change(&mut running);
    fs::write(&path, running.to_string()).expect("it is written");
}

#[test]
fn nothing_is_ended_unless_it_is_surely_of_this_run() {
    let project = project();
    let mark = format!("mark-{}-surely", std::process::id());
    let agent = detach(&project, &["--", "sh", "-c", "while :; do sleep 0.1; done", &mark]);
    eventually("it runs", || !marked(&mark).is_empty());
    let supervisor = supervisor(&project, &agent);
    let saved = fs::read(state(&project, &agent).join("running.json")).expect("it runs");
    change_running(&project, &agent, |it| it["supervisor"]["started"] = json!(1));
    assert_eq!(project.cfn(["agent", "stop", &agent]).code, Some(1), "another process may have its number");
    change_running(&project, &agent, |it| it["database"] = json!("another"));
    kill("-KILL", &supervisor);
    eventually("the lock is free", || shown(&project, &agent)["state"] == "unknown");
    for change in [
        |it: &mut Value| it["database"] = json!("another"),
        |it: &mut Value| it["lock"] = json!([1, 1]),
        |it: &mut Value| it["supervisor"]["machine"] = json!("another"),
        |it: &mut Value| it["supervisor"]["namespace"] = json!("another"),
    ] {
        fs::write(state(&project, &agent).join("running.json"), &saved).expect("it is written");
        change_running(&project, &agent, change);
        assert_eq!(shown(&project, &agent)["state"], "unknown");
        assert!(!marked(&mark).is_empty(), "it is left alone");
    }
    fs::write(state(&project, &agent).join("running.json"), &saved).expect("it is written");
    assert_eq!(shown(&project, &agent)["state"], "lost");
    assert_nothing_left(&agent, &mark);
}

/// A command as somebody who owns nothing here and may make no control groups.
fn as_nobody(project: &Project) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command.current_dir(project.path()).env("HOME", "/nonexistent").env_remove("CFN_SKILLS_DB_PATH");
    command
}

#[test]
fn without_control_groups_only_what_a_killed_supervisor_started_is_ended() {
    let project = project();
    must(&["chmod", "-R", "a+rwX"], &[project.path().as_os_str()]);
    let program = project.path().join("cfn");
    install(&binary(), &program);
    let cfn = |args: &[&str]| -> Ran { as_nobody(&project).arg(&program).args(args).output().expect("it runs").into() };
    let [mark, other] = ["ungrouped", "stranger"].map(|it| format!("mark-{}-{it}", std::process::id()));
    let script = "while :; do sleep 0.1; done";
    // The agent of another project may have the same id.
    let mut stranger =
        as_nobody(&project).env("AGENT_ID", "twin").args(["sh", "-c", script, &other]).spawn().expect("sh starts");
    // It stays while its child has a session of its own: a run ends with its first process.
    let spawn = "agent spawn tester --agent-id twin --detach -- setsid --wait sh -c";
    cfn(&spawn.split(' ').chain([script, &mark]).collect::<Vec<_>>()).ok();
    let runs = |it: &str| marked(it).iter().any(|line| line.starts_with("sh -c ")); // and is no longer what becomes it
    eventually("both run", || runs(&mark) && runs(&other));
    kill("-KILL", &supervisor(&project, "twin"));
    eventually("the lock is free", || cfn(&["agent", "ps", "--all", "--json"]).stdout.contains("\"lost\""));
    eventually("the run has ended", || marked(&mark).is_empty());
    assert!(!marked(&other).is_empty(), "the other one is left alone");
    stranger.kill().expect("it is killed");
    stranger.wait().expect("it ends");
}

#[test]
fn many_spawns_at_once_lose_no_row() {
    let project = project();
    let count = 24;
    let children: Vec<_> = (0..count).map(|_| start(&project, &["--memory", "64m", "--", "true"])).collect();
    for child in children {
        let ran: Ran = child.wait_with_output().expect("cfn ends").into();
        ran.ok();
    }
    project.cfn(["agent", "ps"]).ok();
    assert_eq!(rows(&project, "count(*), count(DISTINCT agent_id), sum(exit_code)"), [format!("{count}|{count}|0")]);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), (2 * count).to_string());
}

#[test]
fn a_workspace_that_cannot_be_made_starts_nothing_and_leaves_nothing() {
    let project = project();
    refused(&project, &["--workspace", "no/such", "--", "true"], 2, "file_failed");
    fs::write(project.path().join("file"), "").expect("a file");
    refused(&project, &["--workspace", "file", "--", "true"], 2, "file_failed");
    assert_eq!(project.cfn(["agent", "ps", "--all"]).ok(), "no agent runs\n");
    let blocked = super::scene::project();
    blocked.file(".cfn-workspaces", "in the way");
    refused(&blocked, &["--", "true"], 2, "file_failed");
}

#[test]
fn a_required_skill_that_cannot_be_served_starts_nothing() {
    let project = project();
    project.cfn(["skill", "assign", "alpha", "--agent", "tester", "--required"]).ok();
    project.sqlite3("UPDATE skill_contents SET bytes = x'00'");
    let ran = spawn(&project, &["--", "touch", "started"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert_eq!(project.cfn(["agent", "ps", "--all"]).ok(), "no agent runs\n");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0");
}

#[test]
fn an_agent_that_writes_without_end_fills_no_disk() {
    let project = project();
    let agent = spawn(&project, &["--timeout", "20", "--", "sh", "-c", "head -c 100000000 /dev/zero; echo last"]).ok();
    let folder = project.path().join(".cfn-workspaces/.state/.ended").join(agent.trim());
    let size = |name: &str| fs::metadata(folder.join(name)).map_or(0, |it| it.len());
    assert!(size("stdout.log") + size("stdout.log.1") < 40 << 20);
    let log = fs::read(folder.join("stdout.log")).expect("a log");
    assert!(log.ends_with(b"last\n"), "the end is kept");
}

#[test]
fn an_agent_has_no_descriptor_of_the_command_that_spawned_it() {
    let project = project();
    let script = "exec 9</etc/passwd; exec \"$0\" agent spawn tester -- ls /proc/self/fd";
    let mut command = project.command(["--version"]);
    let program = command.get_program().to_owned();
    command = {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(program).current_dir(project.path()).env_remove("CFN_SKILLS_DB_PATH");
        shell
    };
    let ran: Ran = command.output().expect("sh runs").into();
    let logs = project.cfn(["agent", "logs", ran.ok().trim()]).ok();
    assert_eq!(logs.split_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"], "3 is the folder that ls reads");
}
