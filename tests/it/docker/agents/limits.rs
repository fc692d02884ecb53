//! Limits of containers, as the engine and the kernel have them.

use serde_json::json;

use super::scene::{HOG, Scene};
use crate::docker::engine::shared_engine;
use crate::patience::eventually;

#[test]
fn limits_and_labels_are_as_the_engine_and_the_kernel_have_them() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let limits = ["--memory", "64m", "--cpus", "0.5", "--cpuset", "0", "--pids", "40", "--task", "t1"];
    let files = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; \
                 cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; \
                 grep Cpus_allowed_list /proc/self/status; grep -E 'CapEff|NoNewPrivs' /proc/self/status; \
                 cat /proc/1/comm; echo $NODE_OPTIONS; echo ready; sleep 60";
    let agent = scene.detach(&[&limits[..], &["--", "sh", "-c", files]].concat());
    eventually("it is ready", || scene.cfn(&["agent", "logs", &agent]).stdout.contains("ready"));
    let said = scene.cfn(&["agent", "logs", &agent]).ok();
    let said: Vec<_> = said.lines().map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "67108864",
        "40",
        "Cpus_allowed_list: 0",
        "CapEff: 0000000000000000",
        "NoNewPrivs: 1",
        "docker-init",
        "--max-old-space-size=48",
        "ready",
    ];
    assert_eq!(said, expected);
    let inspected = scene.inspected(&agent);
    let host = &inspected["HostConfig"];
    assert_eq!((&host["Memory"], &host["MemorySwap"]), (&json!(67_108_864), &json!(67_108_864)));
    assert_eq!((&host["NanoCpus"], &host["CpusetCpus"]), (&json!(500_000_000), &json!("0")));
    assert_eq!((&host["PidsLimit"], &host["CapDrop"], &host["Init"]), (&json!(40), &json!(["ALL"]), &json!(true)));
    let labels = &inspected["Config"]["Labels"];
    assert_eq!((&labels["cfn.agent.id"], &labels["cfn.agent.type"]), (&json!(agent), &json!("tester")));
    assert_eq!((&labels["cfn.task.id"], &labels["cfn.memory.limit"]), (&json!("t1"), &json!("67108864")));
    scene.cfn(&["agent", "stop", &agent]).ok();
    assert_eq!(scene.containers(&agent), [""; 0]);
}

#[test]
fn a_container_with_too_much_memory_is_ended_and_nothing_else() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let other = scene.detach(&["--memory", "64m", "--", "sleep", "60"]);
    // The kernel ends a child; the shell itself would go on.
    let ran = scene.spawn(&["--memory", "64m", "--", "sh", "-c", &format!("{HOG}; sleep 60")]);
    assert_eq!(ran.code, Some(137), "{ran:?}");
    assert_eq!(ran.stderr, "note: the agent was ended: it needs more than 64.0 MiB of memory\n");
    assert_eq!(scene.rows("reason, exit_code, peak_bytes > 60000000"), ["memory|137|1"]);
    assert_eq!(scene.containers(&other).len(), 1);
    scene.cfn(&["agent", "stop", &other]).ok();
    let killed = scene.spawn(&["--", "sh", "-c", "kill -9 $$"]);
    assert_eq!(killed.code, Some(137), "{killed:?}");
    assert_eq!(scene.rows("reason"), ["memory", "stopped", "exited"], "no memory was short");
}

#[test]
fn memory_and_processor_time_are_counted() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let busy = "end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do :; done";
    scene.spawn(&["--", "sh", "-c", busy]).ok();
    assert_eq!(scene.rows("peak_bytes > 100000, cpu_ms > 100"), ["1|1"]);
}
