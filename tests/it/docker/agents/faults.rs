//! What may go wrong while an agent runs in a container.

use std::fs;

use super::scene::{HOSTILE, Scene};
use crate::agent::scene::{kill, supervisor};
use crate::docker::engine::{Engine, shared_engine};
use crate::harness::Ran;
use crate::patience::eventually;

fn until_ready(scene: &Scene<'_>, agent: &str) {
    eventually("it is ready", || scene.cfn(&["agent", "logs", agent]).stdout.contains("ready"));
}

#[test]
fn a_missing_image_client_or_engine_starts_nothing() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let spawn = |image: &str| scene.command(&["agent", "spawn", "tester", "--json", "--image", image, "--", "true"]);
    let ran = |mut command: std::process::Command| -> Ran { command.output().expect("cfn runs").into() };
    ran(spawn("no-such-image")).fails_as(4, "image_not_found");
    let mut elsewhere = spawn("any");
    elsewhere.env("DOCKER_HOST", "unix:///nonexistent/socket");
    ran(elsewhere).fails_as(9, "engine_unreachable");
    let mut without = spawn("any");
    without.env("PATH", "/nonexistent");
    ran(without).fails_as(9, "engine_unreachable");
    assert_eq!(scene.project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0");
    assert_eq!(scene.cfn(&["agent", "ps", "--all"]).ok(), "no agent runs\n");
}

#[test]
fn what_the_engine_refuses_is_said_and_leaves_nothing() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let ran = scene.spawn(&["--cpuset", "4095", "--", "true"]);
    assert_eq!(ran.code, Some(125), "{ran:?}");
    assert!(ran.stderr.contains("docker: ") && ran.stderr.contains("4095"), "{ran:?}");
    assert_eq!(scene.containers(ran.stdout.trim()), [""; 0]);
    assert_eq!(scene.rows("reason, exit_code"), ["exited|125"]);
}

#[test]
fn what_a_killed_supervisor_leaves_in_a_container_is_ended_by_the_next_command() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let agent = scene.detach(&["--", "sh", "-c", HOSTILE]);
    until_ready(&scene, &agent);
    kill("-KILL", &supervisor(&scene.project, &agent));
    let ran = scene.cfn(&["agent", "ps"]);
    assert!(ran.stderr.contains(&format!("the supervisor of {agent} was killed")), "{ran:?}");
    assert_eq!(scene.containers(&agent), [""; 0]);
    assert_eq!(scene.rows("reason, exit_code IS NULL"), ["lost|1"]);
}

#[test]
fn a_killed_client_leaves_the_container_to_its_supervisor() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let script = "echo ready; sleep 2; echo later; exit 6";
    let agent = scene.detach(&["--", "sh", "-c", script]);
    until_ready(&scene, &agent);
    let status =
        std::process::Command::new("pkill").args(["-KILL", "-P", &supervisor(&scene.project, &agent)]).status();
    assert!(status.expect("pkill runs").success());
    assert_eq!(scene.cfn(&["agent", "wait", &agent]).code, Some(6));
    assert_eq!(scene.cfn(&["agent", "logs", &agent]).ok(), "ready\nlater\n");
}

#[test]
fn a_killed_engine_leaves_no_container_and_no_open_run() {
    let Some(_) = shared_engine() else { return };
    let engine = Engine::start();
    let agent = {
        let scene = Scene::of(&engine);
        let agent = scene.detach(&["--", "sh", "-c", HOSTILE]);
        until_ready(&scene, &agent);
        let process = scene.inspected(&agent)["State"]["Pid"].to_string();
        kill("-KILL", &engine.process());
        eventually("the container is ended", || !fs::exists(format!("/proc/{process}")).expect("a folder"));
        let project = scene.project;
        (agent, project)
    };
    let (agent, project) = agent;
    engine.start_again();
    let scene = Scene { project, engine: &engine };
    eventually("the run is settled", || scene.cfn(&["agent", "ps", "--all", "--json"]).stdout.contains("\"lost\""));
    assert_eq!(scene.containers(&agent), [""; 0]);
    assert_eq!(scene.rows("reason, exit_code IS NULL"), ["lost|1"]);
}

#[test]
fn a_deadline_is_kept_while_the_engine_hangs_and_cleanup_removes_what_is_left() {
    let Some(_) = shared_engine() else { return };
    let engine = Engine::start();
    let scene = Scene::of(&engine);
    let child = scene.start(&["--agent-id", "hung", "--timeout", "4", "--grace", "0.2", "--", "sh", "-c", HOSTILE]);
    until_ready(&scene, "hung");
    let process = scene.inspected("agent-hung")["State"]["Pid"].to_string();
    std::thread::sleep(std::time::Duration::from_millis(500)); // the supervisor looks at it
    kill("-STOP", &engine.process());
    let refused = scene.spawn(&["--json", "--", "true"]);
    refused.fails_as(9, "engine_unreachable");
    let ran: Ran = child.wait_with_output().expect("cfn ends").into();
    assert_eq!(ran.code, Some(124), "{ran:?}");
    assert!(!fs::exists(format!("/proc/{process}")).expect("a folder"), "the container is ended");
    kill("-CONT", &engine.process());
    assert_eq!(scene.rows("reason, exit_code"), ["timeout|124"]);
    eventually("what is left is removed", || {
        scene.cfn(&["agent", "cleanup"]).ok();
        scene.containers("hung").is_empty()
    });
}

#[test]
fn cleanup_removes_only_containers_of_this_project_that_no_run_has() {
    let Some(engine) = shared_engine() else { return };
    let (scene, other) = (Scene::of(engine), Scene::of(engine));
    let running = scene.detach(&["--", "sleep", "60"]);
    let others = other.detach(&["--agent-id", "of-another-project", "--", "sleep", "60"]);
    eventually("both run", || !scene.containers(&running).is_empty() && !scene.containers(&others).is_empty());
    let labels = scene.inspected(&running)["Config"]["Labels"].clone();
    let make = |name: &str, changed: &[(&str, &str)]| {
        let mut arguments = vec!["create".to_owned(), "--network=none".to_owned(), format!("--name={name}")];
        for (label, value) in labels.as_object().expect("labels") {
            let value = changed.iter().find(|(it, _)| it == label).map_or(value.as_str().expect("text"), |it| it.1);
            arguments.push(format!("--label={label}={value}"));
        }
        arguments.extend([engine.agent_image().to_owned(), "true".to_owned()]);
        engine.run(arguments).ok();
    };
    let left = format!("left-{}", std::process::id());
    make(&left, &[("cfn.agent.id", "gone")]);
    let strangers: Vec<_> = ["cfn.database", "cfn.place", "cfn.machine"]
        .iter()
        .map(|label| {
            let name = format!("{label}-{}", std::process::id());
            make(&name, &[("cfn.agent.id", "gone"), (label, "another")]);
            name
        })
        .collect();
    let would = scene.cfn(&["agent", "cleanup", "--dry-run", "--json"]).json();
    assert_eq!(would["containers"], serde_json::json!([left]));
    assert_eq!(scene.cfn(&["agent", "cleanup"]).ok(), "removed the folders of 0 runs and 1 container\n");
    assert_eq!(scene.containers("gone").len(), strangers.len());
    assert_eq!((scene.containers(&running).len(), scene.containers(&others).len()), (1, 1));
    engine.run([&["rm".to_owned()], &strangers[..]].concat()).ok();
    scene.cfn(&["agent", "stop", "--all"]).ok();
    other.cfn(&["agent", "stop", "--all"]).ok();
}
