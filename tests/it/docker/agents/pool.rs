//! Containers that wait in a pool.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use super::scene::{HOG, HOSTILE, Scene};
use crate::agent::scene::{kill, supervisor};
use crate::docker::engine::{Engine, shared_engine};
use crate::harness::Ran;
use crate::patience::eventually;

/// A project with a pool of so many containers.
fn pooled<'a>(engine: &'a Engine, size: &str, more: &[&str]) -> Scene<'a> {
    let scene = Scene::of(engine);
    let start = ["agent", "pool", "start", "--image", engine.agent_image(), "--network", "none", "--size", size];
    scene.cfn(&[&start[..], more].concat()).ok();
    scene
}

fn take(scene: &Scene<'_>, args: &[&str]) -> Ran {
    scene.cfn(&[&["agent", "spawn", "tester", "--pool"], args].concat())
}

fn waiting(scene: &Scene<'_>) -> u64 {
    scene.cfn(&["agent", "pool", "status", "--json"]).json()["pools"][0]["waiting"].as_u64().expect("a number")
}

/// What the metrics say of it.
fn idle(scene: &Scene<'_>) -> String {
    let text = scene.cfn(&["metrics"]).ok();
    text.lines().find(|it| it.starts_with("agent_pool_idle")).unwrap_or_default().to_owned()
}

/// The containers of pools that a project has at the engine.
fn members(scene: &Scene<'_>) -> Vec<String> {
    let place = fs::metadata(scene.project.path().join(".cfn-workspaces/.state")).expect("a folder");
    let filter = format!("label=cfn.place={}:{}", place.dev(), place.ino());
    let said =
        scene.engine.run(["ps", "--all", "--filter", &filter, "--filter", "label=cfn.pool", "--format={{.Names}}"]);
    said.ok().lines().map(str::to_owned).collect()
}

#[test]
fn an_agent_takes_a_container_that_waits_and_no_other_sees_what_it_left() {
    let Some(engine) = shared_engine() else { return };
    let scene = pooled(engine, "2", &["--memory", "64m"]);
    let script = "ls .claude/skills; touch .claude/skills/x 2>/dev/null || echo fixed; echo $AGENT_TYPE $TASK_ID $GIVEN; \
                  echo $WORKSPACE_PATH $HOME; pwd; ls -A /tmp; touch /tmp/left left; cat; exit 3";
    let input = scene.project.file("input.txt", "from a file\n");
    let args = ["--task", "t1", "--env", "GIVEN=given one", "--stdin", input.to_str().expect("a path")];
    for round in 0..2 {
        let ran = take(&scene, &[&args[..], &["--", "sh", "-c", script]].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
        let logs = scene.cfn(&["agent", "logs", ran.stdout.trim()]);
        let expected = "alpha\nbeta\nfixed\ntester t1 given one\n/workspace /tmp\n/workspace\nfrom a file\n";
        assert_eq!((logs.stdout.as_str(), logs.stderr.as_str()), (expected, ""), "round {round}");
        assert!(scene.project.path().join(".cfn-workspaces").join(ran.stdout.trim()).join("left").exists());
    }
    assert_eq!((waiting(&scene), idle(&scene)), (0, "agent_pool_idle 0".to_owned()));
    eventually("what was taken is removed", || members(&scene).is_empty());
    let mut cold = scene.command(&["--verbose", "agent", "spawn", "tester", "--pool", "--", "true"]);
    let cold: Ran = cold.output().expect("cfn runs").into();
    assert!(cold.code == Some(0) && cold.stderr.contains("no container waits in the pool"), "{cold:?}");
    assert_eq!(scene.rows("runtime, exit_code"), ["docker|3", "docker|3", "docker|0"]);
}

#[test]
fn each_of_several_agents_at_once_has_a_container_of_its_own() {
    let Some(engine) = shared_engine() else { return };
    let scene = pooled(engine, "3", &[]);
    let all = members(&scene);
    let children: Vec<_> = (0..3)
        .map(|it| {
            let id = format!("one-of-{it}");
            let args = ["agent", "spawn", "tester", "--pool", "--agent-id", &id, "--", "sh", "-c", "hostname; sleep 1"];
            scene.command(&args).stdout(std::process::Stdio::null()).spawn().expect("cfn starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let hosts: BTreeSet<_> = (0..3).map(|it| scene.cfn(&["agent", "logs", &format!("one-of-{it}")]).ok()).collect();
    assert_eq!((hosts.len(), all.len()), (3, 3), "{hosts:?}");
}

#[test]
fn limits_deadlines_and_signals_hold_in_a_container_of_a_pool() {
    let Some(engine) = shared_engine() else { return };
    let scene = pooled(engine, "4", &["--memory", "256m"]);
    let timeout = take(&scene, &["--timeout", "1", "--grace", "0.2", "--", "sh", "-c", HOSTILE]);
    assert_eq!(timeout.code, Some(124), "{timeout:?}");
    let hog = take(&scene, &["--memory", "64m", "--", "sh", "-c", &format!("{HOG}; sleep 60")]);
    assert_eq!(hog.code, Some(137), "{hog:?}");
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    take(&scene, &["--detach", "--agent-id", "told", "--", "sh", "-c", script]).ok();
    eventually("it is ready", || scene.cfn(&["agent", "logs", "told"]).stdout.contains("ready"));
    scene.cfn(&["agent", "stop", "told"]).ok();
    take(&scene, &["--detach", "--agent-id", "killed", "--", "sh", "-c", HOSTILE]).ok();
    eventually("it is ready", || scene.cfn(&["agent", "logs", "killed"]).stdout.contains("ready"));
    kill("-KILL", &supervisor(&scene.project, "killed"));
    let looked = scene.cfn(&["agent", "ps"]);
    assert!(looked.stderr.contains("the supervisor of killed was killed"), "{looked:?}");
    let expected = ["timeout|124|1", "memory|137|1", "exited|9|1", "lost||"];
    assert_eq!(scene.rows("reason, exit_code, peak_bytes > 0"), expected);
    eventually("nothing is left", || members(&scene).is_empty());
}

#[test]
fn a_pool_is_for_a_type_and_stops_and_cleanup_leaves_it_alone() {
    let Some(engine) = shared_engine() else { return };
    let scene = pooled(engine, "1", &["--type", "reviewer"]);
    assert_eq!(take(&scene, &["--", "true"]).code, Some(1), "there is none for testers");
    scene.cfn(&["agent", "cleanup", "--older", "0s"]).ok();
    assert_eq!((waiting(&scene), members(&scene).len()), (1, 1));
    assert_eq!(idle(&scene), "agent_pool_idle{agent_type=\"reviewer\"} 1");
    let status = scene.cfn(&["agent", "pool", "status", "--json"]).json();
    assert_eq!((&status["pools"][0]["agent_type"], &status["pools"][0]["size"]), (&json!("reviewer"), &json!(1)));
    // One that is claimed by nobody and waits for nobody is left of a process that was killed.
    let folder = scene.project.path().join(".cfn-workspaces/.pool").join(&members(&scene)[0]);
    fs::rename(&folder, scene.project.path().join("away")).expect("it goes");
    assert_eq!(scene.cfn(&["agent", "cleanup"]).ok(), "removed the folders of 0 runs and 1 container\n");
    scene
        .cfn(&[
            "agent",
            "pool",
            "start",
            "--image",
            engine.agent_image(),
            "--size=1",
            "--type=reviewer",
            "--network=none",
        ])
        .ok();
    assert_eq!(members(&scene).len(), 1);
    assert_eq!(scene.cfn(&["agent", "pool", "stop"]).ok(), "no pool\n");
    assert_eq!(members(&scene), [""; 0]);
}

#[test]
fn a_pool_is_kept_full_and_taken_up_again_after_the_engine_was_killed() {
    let Some(_) = shared_engine() else { return };
    let engine = Engine::start();
    let scene = pooled(&engine, "1", &["--keep"]);
    take(&scene, &["--", "true"]).ok();
    eventually("it is full again", || waiting(&scene) == 1);
    let before = members(&scene);
    kill("-KILL", &engine.process());
    engine.start_again();
    eventually("it is taken up again", || waiting(&scene) == 1 && take(&scene, &["--", "true"]).code == Some(0));
    assert_eq!(before.len(), 1);
    scene.cfn(&["agent", "pool", "stop"]).ok();
    eventually("nothing is left", || members(&scene).is_empty());
    eventually("its keeper has ended", || crate::agent::scene::marked("pool keep").is_empty());
}
