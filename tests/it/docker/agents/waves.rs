//! A wave plan of the fleet's planner, played in containers.

use std::collections::BTreeSet;
use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use super::scene::Scene;
use crate::agent::waves::{LIMITS, TYPES, assign, batch, plan};
use crate::docker::engine::shared_engine;
use crate::patience::eventually;

/// Says what the agent was given, and what the kernel limits it to.
const AGENT: &str = r#"
for file in /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max; do
    if [ -e $file ]; then limit=$(cat $file); fi
done
echo "$BATCH_ID|$WAVE_NUMBER|$TASK_PROMPT|$TASK_TIMEOUT|$TASK_ID|$limit"
sha256sum .claude/skills/*/SKILL.md | cut -d' ' -f1
sleep 1
"#;

#[test]
fn a_wave_of_twelve_containers_does_what_its_plan_says() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    assign(&scene.project);
    plan(&scene.project, &[(0..12).map(batch).collect()]);
    let options = ["agent", "wave", "plan.json", "--wave", "1", "--output", "m.json", "--timeout", "120"];
    let container = ["--image", engine.agent_image(), "--network", "none", "--", "sh", "-c", AGENT];
    let mut command = scene.command(&[&options[..], &container].concat());
    let mut child = command.stdout(Stdio::null()).spawn().expect("cfn starts");
    let path = scene.project.path().join("m.json");
    let manifest = || -> Value { serde_json::from_slice(&fs::read(&path).unwrap_or_default()).unwrap_or_default() };
    eventually("one runs", || manifest()["total_spawned"].as_u64() > Some(0));
    let first = manifest()["containers"][0].clone();
    let name = first["container_name"].as_str().expect("a name").to_owned();
    assert!(name.starts_with("cfn-wave1-"), "{name}");
    let mut inspected = Value::Null;
    eventually("the engine has it", || {
        let said = engine.run(["container", "inspect", &name]);
        inspected = serde_json::from_str::<Value>(&said.stdout)
            .ok()
            .and_then(|mut it| Some(it.get_mut(0)?.take()))
            .unwrap_or_default();
        inspected["Config"]["Labels"].is_object()
    });
    let labels = &inspected["Config"]["Labels"];
    let said = ["cfn.task.id", "cfn.wave.number", "cfn.batch.id", "cfn.tier", "cfn.memory.limit"].map(|it| &labels[it]);
    assert_eq!(said, ["t1", "1", "batch-0", "1", "512m"].map(|it| json!(it)).each_ref());
    assert_eq!(inspected["HostConfig"]["Memory"], json!(LIMITS[0]));
    assert_eq!(scene.cfn(&["agent", "monitor", "m.json", "--poll-interval", "0.2"]).code, Some(0));
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let manifest = manifest();
    assert_eq!((&manifest["total_spawned"], &manifest["total_memory"]), (&json!(12), &json!("8808m")));
    for (number, member) in manifest["containers"].as_array().expect("members").iter().enumerate() {
        assert_member(&scene, number, member);
    }
    assert_eq!(
        scene.rows("count(DISTINCT agent_id), count(DISTINCT agent_type), sum(exit_code), min(runtime)"),
        ["12|3|0|docker"]
    );
    let cleaned = scene.cfn(&["agent", "cleanup", "--manifest", "m.json", "--json"]).json();
    assert_eq!(cleaned["removed"].as_array().map(Vec::len), Some(12));
}

fn assert_member(scene: &Scene<'_>, number: usize, member: &Value) {
    let id = member["container_id"].as_str().expect("an id");
    assert_eq!((&member["batch_id"], &member["status"]), (&json!(format!("batch-{number}")), &json!("completed")));
    let said = scene.cfn(&["agent", "logs", id]).ok();
    let (first, hashes) = said.split_once('\n').expect("lines");
    assert_eq!(first, format!("batch-{number}|1|Do {number}.|120|t1|{}", LIMITS[number % 4]));
    let agent_type = TYPES[number % 3];
    let logged =
        format!("SELECT content_hash FROM skill_usage_log WHERE agent_id = '{id}' AND agent_type = '{agent_type}'");
    let sorted = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&scene.project.sqlite3(&logged)), sorted(hashes), "{id}");
    assert!(!hashes.is_empty());
    assert_eq!(scene.containers(id), [""; 0]);
}
