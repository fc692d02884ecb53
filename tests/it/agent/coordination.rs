//! What the agents of a task learn through Redis of those that ended.

use std::process::Command;

use super::scene::{HOSTILE, kill, project, supervisor, until_ready};
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::redis::Server;

fn command(project: &Project, server: &Server, arguments: &[&str]) -> Command {
    let mut command = project.command(arguments);
    command.env("CFN_REDIS_HOST", "127.0.0.1").env("CFN_REDIS_PORT", server.port.to_string());
    command
}

fn cfn(project: &Project, server: &Server, arguments: &[&str]) -> Ran {
    command(project, server, arguments).output().expect("cfn runs").into()
}

fn spawn(project: &Project, server: &Server, arguments: &[&str]) -> Ran {
    cfn(project, server, &[&["agent", "spawn", "tester", "--task", "t1"], arguments].concat())
}

/// What waiting for the agents of the task says about one of them.
fn done(project: &Project, server: &Server, agent: &str) -> serde_json::Value {
    let waited = cfn(project, server, &["coord", "wait", "t1", "--agents", agent, "--timeout", "5", "--json"]).json();
    waited["done"].as_array().expect("agents").iter().find(|it| it["agent_id"] == agent).expect("it is done").clone()
}

#[test]
fn whoever_waits_for_an_agent_learns_its_end() {
    let (project, server) = (project(), Server::start());
    spawn(&project, &server, &["--agent-id", "good", "--iteration", "2", "--", "true"]).ok();
    assert_eq!(spawn(&project, &server, &["--agent-id", "bad", "--", "sh", "-c", "exit 3"]).code, Some(3));
    assert_eq!(done(&project, &server, "good")["status"], "completed");
    assert_eq!(done(&project, &server, "bad")["status"], "failed");
    assert_eq!(server.cli(&["LLEN", "swarm:t1:good:done"]), "1");
    assert!(server.cli(&["LRANGE", "cfn:cli:t1:completion", "0", "-1"]).contains("\"iteration\":2"));
    for key in server.cli(&["KEYS", "*"]).lines() {
        assert!(server.cli(&["TTL", key]).parse::<i64>().is_ok_and(|it| it > 0), "{key}");
    }
}

#[test]
fn what_an_agent_said_itself_is_not_said_again() {
    let (project, server) = (project(), Server::start());
    let script = "\"$0\" coord done t1 own --confidence 0.9; exit 1";
    let program = crate::harness::binary();
    let program = program.to_str().expect("a path");
    assert_eq!(spawn(&project, &server, &["--agent-id", "own", "--", "sh", "-c", script, program]).code, Some(1));
    let done = done(&project, &server, "own");
    assert_eq!((&done["status"], &done["confidence"]), (&"completed".into(), &0.9.into()));
    assert_eq!(server.cli(&["LLEN", "swarm:t1:own:done"]), "1");
}

#[test]
fn a_run_whose_supervisor_was_killed_is_done_too() {
    let (project, server) = (project(), Server::start());
    let mark = format!("mark-{}-coordination", std::process::id());
    spawn(&project, &server, &["--agent-id", "killed", "--detach", "--", "python3", "-c", HOSTILE, &mark]).ok();
    until_ready(&project, "killed");
    kill("-KILL", &supervisor(&project, "killed"));
    eventually("it is looked after", || cfn(&project, &server, &["agent", "ps", "--all"]).stdout.contains("lost"));
    assert_eq!(done(&project, &server, "killed")["status"], "failed");
}

#[test]
fn runs_go_on_without_redis() {
    let (project, mut server) = (project(), Server::start());
    server.stop();
    let ran = spawn(&project, &server, &["--", "sh", "-c", "exit 4"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(4), ""), "{ran:?}");
    let cleaned = cfn(&project, &server, &["agent", "cleanup", "--older", "0s"]);
    assert!(cleaned.code == Some(0) && cleaned.stderr.contains("the keys of tasks were left"), "{cleaned:?}");
}

#[test]
fn the_keys_of_a_task_go_with_its_last_run() {
    let (project, server) = (project(), Server::start());
    spawn(&project, &server, &["--agent-id", "first", "--", "true"]).ok();
    spawn(&project, &server, &["--agent-id", "second", "--detach", "--", "sleep", "60"]).ok();
    server.cli(&["SET", "swarm:t2:context", "of another task"]);
    let cleanup = |more: &[&str]| {
        cfn(&project, &server, &[&["agent", "cleanup", "--older", "0s", "--json"], more].concat()).json()
    };
    assert_eq!(cleanup(&[])["tasks"], serde_json::json!([]), "one of its agents runs");
    assert_eq!(server.cli(&["LLEN", "swarm:t1:first:done"]), "1");
    project.cfn(["agent", "stop", "second"]).ok();
    assert_eq!(cleanup(&["--dry-run"])["tasks"], serde_json::json!(["t1"]));
    assert_ne!(server.cli(&["KEYS", "*t1*"]), "");
    let cleaned = cleanup(&[]);
    assert!(cleaned["removed_keys"].as_u64().is_some_and(|it| it > 3), "{cleaned}");
    assert_eq!(server.cli(&["KEYS", "*"]), "swarm:t2:context");
}
