//! Runs in containers that do what they should.

use std::fs;

use serde_json::json;

use super::scene::{HOSTILE, Scene};
use crate::agent::scene::kill;
use crate::docker::engine::shared_engine;
use crate::harness::Ran;
use crate::patience::eventually;

#[test]
fn an_agent_in_a_container_has_its_skills_its_identity_and_its_exit_code() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let script = "ls .claude/skills; cat .claude/skills/alpha/SKILL.md | head -2; echo $AGENT_TYPE $TASK_ID $ITERATION; \
                  echo $WORKSPACE_PATH $PROJECT_ROOT $HOME $SECRET $GIVEN; pwd; id -u; echo problem >&2; exit 3";
    let mut command = scene.command(&["agent", "spawn", "tester", "--image", engine.agent_image(), "--network=none"]);
    command.args(["--task", "t1", "--env", "GIVEN", "--", "sh", "-c", script]);
    let ran: Ran = command.env("SECRET", "s3cret").env("GIVEN", "given one").output().expect("cfn runs").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let agent = ran.stdout.trim();
    let logs = scene.cfn(&["agent", "logs", agent]);
    let expected = "alpha\nbeta\n---\nname: alpha\ntester t1 1\n/workspace /workspace /tmp given one\n/workspace\n0\n";
    assert_eq!((logs.stdout.as_str(), logs.stderr.as_str()), (expected, "problem\n"));
    assert_eq!(scene.rows("runtime, task_id, reason, exit_code"), ["docker|t1|exited|3"]);
    let used = scene.project.sqlite3("SELECT count(*) || ' ' || min(agent_id) FROM skill_usage_log");
    assert_eq!(used, format!("2 {agent}"));
    assert_eq!(scene.containers(agent), [""; 0]);
}

#[test]
fn skills_can_only_be_read_and_nothing_else_of_the_project_is_seen() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    scene.project.skill("unapproved", "Do harm.");
    scene.project.file(".claude/settings.json", "secret");
    scene.project.file("code.txt", "code\n");
    let script = "cat code.txt; ls -A .claude; ls .claude/skills; touch .claude/skills/x 2>/dev/null || echo fixed; \
                  echo more >>code.txt; cat $CFN_SKILLS_PROMPT";
    assert_eq!(scene.said(&["--workspace", "."], script), "code\nskills\nalpha\nbeta\nfixed\n");
    assert_eq!(fs::read_to_string(scene.project.path().join("code.txt")).expect("a file"), "code\nmore\n");
    assert!(scene.project.path().join(".claude/skills/unapproved").exists());
    let said = scene.said(&["--workspace", ".", "--volume", ".claude:/workspace/.claude"], "cat .claude/settings.json");
    assert_eq!(said, "secret", "it is seen where the caller says so");
    let said = scene.said(
        &["--workspace", ".", "--skills", "prompt"],
        "cat $CFN_SKILLS_PROMPT; touch $CFN_SKILLS_PROMPT 2>/dev/null || echo fixed",
    );
    assert!(said.contains("Do alpha.") && said.ends_with("fixed\n"), "{said}");
}

#[test]
fn volumes_networks_and_folders_in_memory_are_the_callers() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    scene.project.file("data, with comma/file", "data\n");
    let options = ["--volume", "./data, with comma:/data:ro", "--tmpfs", "/scratch:1m", "--tmpfs", "/tmp:2m"];
    let script = "cat /data/file; touch /data/x 2>/dev/null || echo fixed; grep -c ' /scratch tmpfs.*size=1024k' \
                  /proc/mounts; stat -c %a /tmp /scratch; grep -c ' /tmp tmpfs.*size=2048k' /proc/mounts; ls /sys/class/net";
    assert_eq!(scene.said(&options, script), "data\nfixed\n1\n1777\n1777\n1\nlo\n");
}

#[test]
fn an_agent_reads_what_it_is_given_and_a_missing_command_is_said() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let file = scene.project.file("input.txt", "from a file\n");
    assert_eq!(scene.said(&["--stdin", file.to_str().expect("a path")], "cat"), "from a file\n");
    assert_eq!(scene.said(&[], "cat"), "");
    let ran = scene.spawn(&["--", "no-such-program"]);
    assert_eq!(ran.code, Some(127), "{ran:?}");
    assert_eq!(scene.containers(ran.stdout.trim()), [""; 0]);
}

#[test]
fn a_detached_container_is_listed_waited_for_and_stopped() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let hostile = scene.detach(&["--task", "t1", "--grace", "0.2", "--", "sh", "-c", HOSTILE]);
    eventually("it is ready", || scene.cfn(&["agent", "logs", &hostile]).stdout.contains("ready"));
    let listed = scene.cfn(&["agent", "ps", "--json"]).json();
    assert_eq!((&listed["runs"][0]["runtime"], &listed["runs"][0]["state"]), (&json!("docker"), &json!("running")));
    scene.cfn(&["agent", "stop", "--task", "t1"]).ok();
    assert_eq!(scene.containers(&hostile), [""; 0]);
    assert_eq!(scene.cfn(&["agent", "wait", &hostile]).code, Some(143));
    let quick = scene.detach(&["--", "sh", "-c", "sleep 0.2; exit 5"]);
    assert_eq!(scene.cfn(&["agent", "wait", &quick]).code, Some(5));
    assert_eq!(scene.rows("reason, exit_code"), ["stopped|143", "exited|5"]);
}

#[test]
fn a_signal_to_the_spawning_command_reaches_the_container() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let child = scene.start(&["--agent-id", "told", "--", "sh", "-c", script]);
    eventually("it is ready", || scene.cfn(&["agent", "logs", "told"]).stdout.contains("ready"));
    kill("-TERM", &child.id().to_string());
    let ran: Ran = child.wait_with_output().expect("cfn ends").into();
    assert_eq!(ran.code, Some(9), "{ran:?}");
}

#[test]
fn a_deadline_ends_a_hostile_container() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let ran = scene.spawn(&["--timeout", "1.5", "--grace", "0.2", "--", "sh", "-c", HOSTILE]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(124), "note: the agent was ended after 1.5 seconds\n"));
    assert_eq!(scene.rows("reason, exit_code"), ["timeout|124"]);
    assert_eq!(scene.containers(ran.stdout.trim()), [""; 0]);
}
