//! What the doctor says about containers.

use std::process::Command;

use serde_json::Value;

use super::scene::Scene;
use crate::docker::engine::shared_engine;
use crate::doctor::machine::on_file_system;
use crate::patience::eventually;

/// State and evidence of a line about containers.
fn line(report: &Value, name: &str) -> (String, String) {
    let lines = report["lines"].as_array().expect("lines");
    let line = lines.iter().find(|it| it["area"] == "containers" && it["name"] == name).expect("a line");
    (line["state"].as_str().expect("a word").to_owned(), line["evidence"].as_str().expect("text").to_owned())
}

/// The command that a line says in quotes is run.
#[track_caller]
fn run_mend(scene: &Scene<'_>, report: &Value, name: &str) {
    let lines = report["lines"].as_array().expect("lines");
    let line = lines.iter().find(|it| it["area"] == "containers" && it["name"] == name).expect("a line");
    let command = line["mend"].as_str().and_then(|it| it.split('\'').nth(1)).expect("a command");
    scene.cfn(&command.split(' ').skip(1).collect::<Vec<_>>()).ok();
}

#[test]
fn limits_and_temporary_data_are_looked_at_as_the_kernel_has_them() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let examined = || serde_json::from_str::<Value>(&scene.cfn(&["doctor", "--json"]).stdout).expect("JSON");
    let limited = || {
        let agent = scene.detach(&["--memory", "64m", "--cpuset", "0", "--", "sleep", "60"]);
        eventually("it runs", || line(&examined(), "processors").1.contains(&format!("{agent} on 0")));
        agent
    };
    let is_well = || {
        let found = examined();
        ["limits of containers", "limits in the kernel", "temporary data"].iter().all(|it| line(&found, it).0 == "ok")
    };
    let agent = limited();
    assert!(is_well(), "{:#}", examined());
    for (option, evidence) in [
        ("--memory=32m", format!("{agent}: memory of 64 MiB was asked for, the kernel has 32 MiB")),
        ("--cpuset-cpus=0-1", format!("{agent}: the processors 0 were asked for, the kernel has 0,1")),
    ] {
        let name = scene.inspected(&agent)["Name"].as_str().expect("a name").trim_start_matches('/').to_owned();
        engine.run(["update", option, &name]).ok();
        let found = examined();
        let (state, said) = line(&found, "limits in the kernel");
        assert!(state == "warn" && said.contains(&evidence), "{said}");
    }
    run_mend(&scene, &examined(), "limits in the kernel");
    let agent = limited();
    assert!(is_well(), "{:#}", examined());
    let process = scene.inspected(&agent)["State"]["Pid"].to_string();
    let unmounted = Command::new("nsenter").args(["--mount", "--target", &process, "umount", "/tmp"]).status();
    assert!(unmounted.expect("nsenter runs").success());
    let (state, said) = line(&examined(), "temporary data");
    assert_eq!((state.as_str(), said), ("warn", format!("/tmp is not in memory, in {agent}")));
    run_mend(&scene, &examined(), "temporary data");
    limited();
    assert!(is_well(), "{:#}", examined());
    scene.cfn(&["agent", "stop", "--all"]).ok();
}

#[test]
fn a_project_that_is_not_on_a_native_file_system_is_named() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    scene.spawn(&["--", "true"]).ok();
    for (magic, name) in [("9719020100000000", "9p"), ("424d53ff00000000", "CIFS")] {
        let found = on_file_system(&scene.command(&["doctor", "--json"]), magic);
        let (state, evidence) = line(&found, "file system of the project");
        assert!(state == "warn" && evidence.starts_with(name), "{evidence}");
    }
}

#[test]
fn engines_limits_and_pools_are_looked_at() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let examined = || serde_json::from_str::<Value>(&scene.cfn(&["doctor", "--json"]).stdout).expect("JSON");
    assert_eq!(line(&examined(), "engine").0, "not_used");
    scene.spawn(&["--memory", "64m", "--", "true"]).ok();
    let found = examined();
    let (state, evidence) = line(&found, "engine");
    assert!(state == "ok" && evidence.starts_with("docker 20") && evidence.ends_with(" ms"), "{evidence}");
    assert_eq!(
        line(&found, "limits of containers"),
        ("ok".to_owned(), "0 running, 0 of them without a limit of memory".to_owned())
    );
    assert_eq!(line(&found, "file system of the project").0, "ok");
    let agent = scene.detach(&["--", "sleep", "60"]);
    eventually("it is named", || line(&examined(), "limits of containers").1.contains(&agent));
    scene.cfn(&["agent", "stop", "--all"]).ok();
    let start = ["agent", "pool", "start", "--image", engine.agent_image(), "--network", "none", "--size", "1"];
    scene.cfn(&start).ok();
    assert_eq!(line(&examined(), "pool").0, "ok");
    scene.cfn(&["agent", "spawn", "tester", "--pool", "--", "true"]).ok();
    assert_eq!(line(&examined(), "pool").0, "warn");
    scene.cfn(&["agent", "pool", "stop"]).ok();
    let mut away = scene.command(&["doctor", "--json"]);
    away.env("PATH", "/nonexistent");
    let away = away.output().expect("cfn runs");
    let found: Value = serde_json::from_slice(&away.stdout).expect("JSON");
    assert_eq!(line(&found, "engine").0, "fail");
}
