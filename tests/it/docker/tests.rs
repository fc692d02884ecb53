//! The engine of the tests is one.

use super::engine::shared_engine;

#[test]
fn cfn_and_a_shell_run_in_a_container_with_limits_of_the_kernel() {
    let Some(engine) = shared_engine() else { return };
    let limits = ["--memory=64m", "--memory-swap=64m", "--pids-limit=32", "--network=none", "--init"];
    let script = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max \
                  /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; id -u; cfn --version";
    let mut arguments = vec!["run", "--rm", "--user=1234:1234"];
    arguments.extend(limits);
    arguments.extend([engine.agent_image(), "/bin/sh", "-c", script]);
    let said = engine.run(arguments).ok();
    let version = concat!("cfn ", env!("CARGO_PKG_VERSION"));
    assert_eq!(said.lines().collect::<Vec<_>>(), ["67108864", "32", "1234", version]);
}
