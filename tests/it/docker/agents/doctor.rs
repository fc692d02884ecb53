//! What the doctor says about containers.

use serde_json::Value;

use super::scene::Scene;
use crate::docker::engine::shared_engine;
use crate::patience::eventually;

/// State and evidence of a line about containers.
fn line(report: &Value, name: &str) -> (String, String) {
    let lines = report["lines"].as_array().expect("lines");
    let line = lines.iter().find(|it| it["area"] == "containers" && it["name"] == name).expect("a line");
    (line["state"].as_str().expect("a word").to_owned(), line["evidence"].as_str().expect("text").to_owned())
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
