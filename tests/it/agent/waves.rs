//! Wave plans of the fleet's planner, played with processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::scene::{assert_nothing_left, project, rows, shown};
use crate::harness::{Project, Ran};
use crate::patience::eventually;

/// Notes how many run at once, says what the agent was given, and what the kernel limits it to.
const AGENT: &str = r#"
mkdir -p $PROJECT_ROOT/crowd; touch $PROJECT_ROOT/crowd/$AGENT_ID; ls $PROJECT_ROOT/crowd | wc -l >> $PROJECT_ROOT/counts
group=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup)
if [ -n "$group" ]; then limit=$(cat /sys/fs/cgroup/memory$group/memory.limit_in_bytes)
else limit=$(cat /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/memory.max); fi
echo "$BATCH_ID|$WAVE_NUMBER|$TASK_PROMPT|$TASK_TIMEOUT|$TASK_ID|$limit"
sha256sum .claude/skills/*/SKILL.md | cut -d' ' -f1
sleep 0.2; rm $PROJECT_ROOT/crowd/$AGENT_ID
"#;

pub(crate) const TYPES: [&str; 3] = ["tester", "reviewer", "coder"];
pub(crate) const LIMITS: [u64; 4] = [512 << 20, 600 << 20, 800 << 20, 1 << 30];

/// A project whose agents of three types have skills.
fn of_three_types() -> Project {
    let project = project();
    assign(&project);
    project
}

/// Gives skills to the agents of two more types.
pub(crate) fn assign(project: &Project) {
    for (skill, agent) in [("beta", "reviewer"), ("alpha", "coder")] {
        project.cfn(["skill", "assign", skill, "--agent", agent]).ok();
    }
}

/// The batch of a number: types and tiers take turns.
pub(crate) fn batch(number: usize) -> Value {
    let (agent_type, tier) = (TYPES[number % 3], number % 4 + 1);
    json!({ "batch_id": format!("batch-{number}"), "tier": tier, "task_prompt": format!("Do {number}."),
            "files": ["a.rs"], "agent_type": agent_type })
}

pub(crate) fn plan(project: &Project, waves: &[Vec<Value>]) -> PathBuf {
    let wave = |(number, batches): (usize, &Vec<Value>)| json!({ "wave_number": number + 1, "batch_count": batches.len(), "batches": batches });
    let waves: Vec<_> = waves.iter().enumerate().map(wave).collect();
    project.file("plan.json", json!({ "task_id": "t1", "waves": waves }).to_string())
}

fn wave(project: &Project, args: &[&str]) -> Ran {
    project.cfn([&["agent", "wave", "plan.json"], args].concat())
}

#[test]
fn a_wave_of_twelve_agents_of_three_types_does_what_its_plan_says() {
    let project = of_three_types();
    plan(&project, &[(0..12).map(batch).collect()]);
    let report = wave(&project, &["--json", "--wave", "1", "--", "sh", "-c", AGENT]).json();
    let path = report["waves"][0]["manifest"].as_str().expect("a manifest");
    let manifest: Value = serde_json::from_slice(&fs::read(path).expect("a manifest")).expect("JSON");
    assert_eq!((&manifest["wave_number"], &manifest["total_spawned"]), (&json!(1), &json!(12)));
    assert_eq!(manifest["total_memory"], "8808m", "three of each tier");
    let counts = fs::read_to_string(project.path().join("counts")).expect("counts");
    let most = counts.lines().filter_map(|it| it.trim().parse::<u32>().ok()).max();
    assert!(most.is_some_and(|it| (2..=5).contains(&it)), "5 at once: {most:?}");
    for (number, member) in manifest["containers"].as_array().expect("members").iter().enumerate() {
        assert_member(&project, number, member);
    }
    let all = "count(*), count(DISTINCT agent_id), count(DISTINCT agent_type), sum(exit_code)";
    assert_eq!(rows(&project, all), ["12|12|3|0"]);
    assert_eq!(project.cfn(["agent", "monitor", path]).code, Some(0));
    let cleaned = project.cfn(["agent", "cleanup", "--manifest", path, "--json"]).json();
    assert_eq!(cleaned["removed"].as_array().map(Vec::len), Some(12));
    let left = fs::read_dir(project.path().join(".cfn-workspaces")).expect("a folder").flatten();
    let left: BTreeSet<_> = left.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(left, [".gitignore", ".state", ".waves"].map(str::to_owned).into());
    assert_eq!(fs::read_dir(project.path().join(".cfn-workspaces/.waves")).expect("a folder").count(), 0);
}

/// Checks a run of the wave: its manifest, its labels, what it said itself, and the bytes that its usage rows say.
fn assert_member(project: &Project, number: usize, member: &Value) {
    let (id, tier) = (member["container_id"].as_str().expect("an id"), number % 4);
    let limit = ["512m", "600m", "800m", "1g"][tier];
    let name = member["container_name"].as_str().expect("a name");
    assert!(name.starts_with("cfn-wave1-") && name.len() == "cfn-wave1-".len() + 12, "{member}");
    assert_eq!((&member["batch_id"], &member["tier"]), (&json!(format!("batch-{number}")), &json!(tier + 1)));
    assert_eq!((&member["memory_limit"], &member["status"]), (&json!(limit), &json!("completed")));
    let labels = json!({ "cfn.agent.id": id, "cfn.agent.type": TYPES[number % 3], "cfn.task.id": "t1", "cfn.wave.number": "1",
                         "cfn.batch.id": format!("batch-{number}"), "cfn.tier": (tier + 1).to_string(), "cfn.memory.limit": limit });
    assert_eq!(shown(project, id)["labels"], labels);
    let said = project.cfn(["agent", "logs", id]).ok();
    let (first, hashes) = said.split_once('\n').expect("lines");
    assert_eq!(first, format!("batch-{number}|1|Do {number}.|1800|t1|{}", LIMITS[tier]));
    let logged = format!("SELECT content_hash FROM skill_usage_log WHERE agent_id = '{id}' AND task_id = 't1'");
    let sorted = |text: &str| text.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&project.sqlite3(&logged)), sorted(hashes), "{id}");
    assert!(!hashes.is_empty());
    assert_nothing_left(id, "no-mark");
}

#[test]
fn a_wave_ends_with_the_codes_of_the_fleets_scripts() {
    let project = of_three_types();
    let batches = |from: usize| (from..from + 2).map(batch).collect::<Vec<_>>();
    plan(&project, &[batches(0), batches(2), batches(4)]);
    let run = |wave_number: &str, script: &str| {
        wave(&project, &["--wave", wave_number, "--timeout", "1", "--grace", "0.1", "--", "sh", "-c", script])
    };
    let ran = run("1", "test $BATCH_ID = batch-0");
    assert!(ran.code == Some(1) && ran.stdout.contains("1 completed, 1 failed"), "{ran:?}");
    let ran = run("2", "test $BATCH_ID = batch-2 && sleep 60; exit 1");
    assert!(ran.code == Some(2) && ran.stdout.contains("1 failed, 1 timeout"), "{ran:?}");
    let ran = run("all", "true");
    assert!(ran.code == Some(0) && ran.stdout.matches("2 completed").count() == 3, "{ran:?}");
    let counted =
        project.cfn(["agent", "ps", "--all", "--task", "t1", "--json"]).json()["runs"].as_array().map(Vec::len);
    assert_eq!(counted, Some(10));
    let path = project.path().join(".cfn-workspaces/.waves/t1-wave-2.json");
    assert_eq!(project.cfn(["agent", "monitor", path.to_str().expect("a path")]).code, Some(0), "of the last run");
}

#[test]
fn a_wave_that_runs_is_monitored_and_not_cleaned_up() {
    let project = of_three_types();
    plan(&project, &[(0..3).map(batch).collect()]);
    let script = "while ! [ -e $PROJECT_ROOT/go ]; do sleep 0.05; done; exit 3";
    let mut command = project.command([
        "agent",
        "wave",
        "plan.json",
        "--wave",
        "1",
        "--timeout",
        "120",
        "--output",
        "m.json",
        "--",
        "sh",
        "-c",
        script,
    ]);
    let mut child = command.stdout(std::process::Stdio::null()).spawn().expect("cfn starts");
    let manifest = || -> Option<Value> { serde_json::from_slice(&fs::read(project.path().join("m.json")).ok()?).ok() };
    eventually("all run", || manifest().is_some_and(|it| it["total_spawned"] == 3));
    let looked = project.cfn(["agent", "monitor", "m.json", "--timeout", "0", "--json"]);
    assert_eq!(looked.code, Some(2), "{looked:?}");
    assert!(looked.stdout.matches("\"status\":\"running\"").count() == 3, "{looked:?}");
    project.fails_as(["--json", "agent", "cleanup", "--manifest", "m.json"], 1, "program_failed");
    project.file("go", "");
    let waited = project.cfn(["agent", "monitor", "m.json", "--poll-interval", "0.1"]);
    assert_eq!(waited.code, Some(1), "{waited:?}");
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    project.cfn(["agent", "cleanup", "--manifest", "m.json"]).ok();
    assert!(project.path().join("m.json").exists(), "it is the user's own file");
}

#[test]
fn a_plan_that_cannot_be_run_starts_nothing() {
    let project = of_three_types();
    let mut untyped = batch(0);
    untyped["agent_type"].take();
    plan(&project, &[vec![untyped]]);
    let fails = |args: &[&str]| {
        let ran = wave(&project, &[&["--json"], args].concat());
        assert_eq!(ran.code, Some(3), "{ran:?}");
        ran.kind().expect("a kind")
    };
    assert_eq!(fails(&["--wave", "1", "--", "true"]), "invalid_input");
    assert_eq!(fails(&["--wave", "2", "--agent-type", "tester", "--", "true"]), "invalid_input");
    let planned =
        wave(&project, &["--json", "--wave", "all", "--agent-type", "coder", "--dry-run", "--", "true"]).json();
    let expected = json!({ "batch_id": "batch-0", "agent_type": "coder", "tier": 1, "memory_bytes": LIMITS[0], "timeout_seconds": 1800 });
    assert_eq!(planned["waves"][0]["batches"][0], expected);
    project.file("plan.json", "{}");
    assert_eq!(fails(&["--wave", "all", "--", "true"]), "invalid_input");
    fs::remove_file(project.path().join("plan.json")).expect("a plan");
    assert_eq!(fails(&["--wave", "all", "--", "true"]), "file_unreadable");
    assert_eq!(project.cfn(["agent", "monitor", "plan.json"]).code, Some(3));
    assert_eq!(project.cfn(["agent", "ps", "--all"]).ok(), "no agent runs\n");
}
