//! The metrics of agents, as the kernel and the history have them.

use std::fs;

use super::{scraped, value};
use crate::agent::scene::{detach, memory_group, project, spawn, until_ready};

#[test]
fn agents_are_counted_by_their_ends_and_measured_as_the_kernel_does() {
    let project = project();
    assert!(!scraped(&project, &[]).contains("cfn_agent"), "no agent ever ran");
    spawn(&project, &["--", "true"]).ok();
    assert_eq!(spawn(&project, &["--", "sh", "-c", "exit 3"]).code, Some(3));
    let hog = "x = b'x' * 200_000_000; import time; time.sleep(60)";
    assert_eq!(spawn(&project, &["--memory", "64m", "--", "python3", "-c", hog]).code, Some(137));
    let script = "x = bytearray(30_000_000); import time; print('ready', flush=True); time.sleep(600)";
    let agents: Vec<_> = (0..2).map(|_| detach(&project, &["--", "python3", "-c", script])).collect();
    for agent in &agents {
        until_ready(&project, agent);
    }
    let text = scraped(&project, &[]);
    let tester = |metric: &str| value(&text, &format!("{metric}{{agent_type=\"tester\"}}"));
    assert_eq!((tester("cfn_agents_running"), tester("cfn_agent_spawns_total")), (Some(2.0), Some(5.0)));
    assert_eq!(tester("agent_oom_kills_total"), Some(1.0));
    for (labels, count) in [("reason=\"exited\"", 2.0), ("reason=\"memory\"", 1.0)] {
        assert_eq!(value(&text, &format!("cfn_agents_ended_total{{agent_type=\"tester\",{labels}}}")), Some(count));
    }
    for (status, count) in [("success", 1.0), ("failure", 2.0)] {
        let sample = format!("cfn_agent_executions_total{{agent_type=\"tester\",status=\"{status}\"}}");
        assert_eq!(value(&text, &sample), Some(count));
    }
    assert_eq!(tester("cfn_agent_execution_duration_seconds_count"), Some(3.0));
    let spawns = "agent_spawn_duration_seconds_count{agent_type=\"tester\",mode=\"process\"}";
    assert_eq!(value(&text, spawns), Some(3.0));
    let kernel: u64 = agents.iter().map(|it| usage(it)).sum();
    let said = tester("cfn_agent_memory_usage_bytes").expect("a memory");
    let kernel = f64::from(u32::try_from(kernel).expect("less than 4 GiB"));
    assert!(said > 60e6 && (said - kernel).abs() < 4e6, "{said} and {kernel}");
    project.cfn(["agent", "stop", "--all"]).ok();
    let text = scraped(&project, &[]);
    assert_eq!(value(&text, "cfn_agent_spawns_total{agent_type=\"tester\"}"), Some(5.0));
    assert_eq!(value(&text, "cfn_agents_ended_total{agent_type=\"tester\",reason=\"stopped\"}"), Some(2.0));
    assert!(!text.contains("cfn_agents_running{"), "{text}");
}

/// The memory of an agent, as the kernel says it.
fn usage(agent: &str) -> u64 {
    let folder = memory_group(agent);
    let files = ["memory.usage_in_bytes", "memory.current"].map(|it| folder.join(it));
    let text = files.iter().find_map(|it| fs::read_to_string(it).ok()).expect("a group");
    text.trim().parse().expect("a number")
}
