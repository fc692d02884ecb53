//! A load test in containers: what cfn says of them is what the engine and the kernel say.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::scene::Scene;
use crate::agent::load::{AGENTS, Counted, compare, counted, metric, say, seconds};
use crate::docker::engine::{Engine, shared_engine};
use crate::harness::Ran;

/// What an agent holds in its folder in memory, in bytes.
const HELD: u64 = 8_000_000;

/// The containers of agents of a type that run by what the engine says, and what the kernel counts of them.
fn there(engine: &Engine, agent_type: &str) -> Counted {
    let filter = format!("label=cfn.agent.type={agent_type}");
    let ids = engine.run(["ps", "--filter", &filter, "--format", "{{.ID}}"]).ok();
    if ids.is_empty() {
        return Counted::new();
    }
    // One that ends meanwhile is an error, and the others are said all the same.
    let said = engine.run(["container", "inspect"].into_iter().chain(ids.lines())).stdout;
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let running = said.as_array().expect("containers").iter().filter(|it| it["State"]["Running"] == true);
    let named = running.filter_map(|it| {
        let agent = it["Config"]["Labels"]["cfn.agent.id"].as_str()?.to_owned();
        Some((agent, counted_of(&it["State"]["Pid"].to_string(), it["Id"].as_str()?)?))
    });
    named.collect()
}

/// What the kernel counts in the control group of a process, whose name has the id of its container.
fn counted_of(process: &str, id: &str) -> Option<(u64, usize)> {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).ok()?;
    let paths = groups.lines().filter_map(|it| {
        let mut parts = it.splitn(3, ':').skip(1);
        Some((parts.next()?, parts.next()?))
    });
    let paths = paths.filter(|(controllers, path)| ["", "memory"].contains(controllers) && path.contains(id));
    let folders = paths.map(|(controllers, path)| Path::new("/sys/fs/cgroup").join(controllers).join(&path[1..]));
    folders.into_iter().find_map(|it| counted(&it))
}

#[test]
fn what_is_said_during_a_load_test_is_what_the_engine_and_the_kernel_say() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let agent_type = format!("load-{}", std::process::id());
    let script = format!("head -c {HELD} /dev/zero >/tmp/held; exec sleep {}", seconds() * 2 / 5);
    let (number, spawned) = (AGENTS.to_string(), 2 * AGENTS as u64);
    let mut command =
        scene.command(&["agent", "spawn", &agent_type, "--image", engine.agent_image(), "--network=none"]);
    command.args([
        "--count",
        &spawned.to_string(),
        "--parallel",
        &number,
        "--memory",
        "200m",
        "--",
        "sh",
        "-c",
        &script,
    ]);
    let (there, cfn) = (|| there(engine, &agent_type), |arguments: &[&str]| scene.cfn(arguments));
    let mut test = command.stdout(std::process::Stdio::piped()).spawn().expect("cfn starts");
    let mut compared = Vec::new();
    while test.try_wait().expect("its status").is_none() {
        compared.push(compare((&agent_type, HELD), &there, &cfn));
    }
    assert!(compared.iter().any(|it| *it >= AGENTS / 2), "{compared:?}");
    let ids = Ran::from(test.wait_with_output().expect("it ends")).ok();
    assert_eq!(ids.lines().count() as u64, spawned);
    let metrics = cfn(&["metrics"]).ok();
    for (name, value) in
        [("cfn_agent_spawns_total", spawned), ("cfn_agents_ended_total", spawned), ("cfn_agents_running", 0)]
    {
        assert_eq!(metric(&metrics, name, &agent_type), value, "{name}");
    }
    assert_eq!(scene.rows("count(*), count(DISTINCT exit_code), max(exit_code)"), [format!("{spawned}|1|0")]);
    assert_eq!((there(), cfn(&["agent", "ps"]).ok().as_str()), (Counted::new(), "no agent runs\n"));
    say(&compared, spawned);
}
