//! The commands that stand in the documentation for the scripts of the reference.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::scene::{project, rows, shown};
use crate::documentation::blocks;
use crate::harness::{Project, Ran, repository};
use crate::redis::Server;

/// A script that says what it was given.
const AGENT: &str = "#!/bin/sh\necho \"$NODE_OPTIONS\"; grep Cpus_allowed_list /proc/self/status\n";

/// The commands in a section of the page about agents, without their comments.
fn commands(section: &str) -> Vec<String> {
    let page = fs::read_to_string(repository("docs/agents.md")).expect("a page");
    let (_, after) = page.split_once(&format!("\n## {section}\n")).expect("the section");
    let section = after.split("\n## ").next().expect("a section");
    let lines = blocks(section, "sh").into_iter().flatten().map(|it| it.1.to_owned());
    lines.filter(|it| !it.starts_with('#')).collect()
}

/// Runs a command of the page; a test waits less long.
fn run(project: &Project, server: &Server, line: &str) -> Ran {
    let words = shlex::split(&line.replace("300s", "2s")).expect("a command");
    let mut command = project.command(&words[1..]);
    command.env("CFN_REDIS_HOST", "127.0.0.1").env("CFN_REDIS_PORT", server.port.to_string());
    command.output().expect("cfn runs").into()
}

#[test]
fn each_script_of_the_reference_has_its_command() {
    let (project, server) = (project(), Server::start());
    let script = project.file("agent.sh", AGENT);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a script");
    let lines = commands("In place of scripts");
    let [parallel, memory, limits, complexity, stop, cleanup, load] = lines.as_slice() else { panic!("{lines:?}") };
    // The agent's own folder is another one.
    let run = |line: &str| run(&project, &server, &line.replace("./agent.sh", script.to_str().expect("a path"))).ok();
    let logs = |agent: &str| project.cfn(["agent", "logs", agent.trim()]).ok();
    assert_eq!(run(parallel).lines().count(), 4);
    assert!(logs(&run(memory)).starts_with("--max-old-space-size=768\n"));
    let limited = run(limits);
    assert!(logs(&limited).contains("Cpus_allowed_list:\t0-1"), "{}", logs(&limited));
    assert_eq!(shown(&project, limited.trim())["limits"]["processes"], 512);
    assert_eq!(shown(&project, run(complexity).trim())["timeout_seconds"], 150);
    run(stop);
    assert_ne!(server.cli(&["KEYS", "swarm:task-100:*"]), "");
    run(cleanup);
    assert_eq!(server.cli(&["KEYS", "*task-100*"]), "");
    let report = run(&format!("{load} --every 0.5 --json --html load.html"));
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!((&report["agents"], &report["failed"]), (&10.into(), &0.into()), "{report}");
    let samples = report["samples"].as_array().expect("samples");
    assert!(samples.iter().any(|it| it["redis_commands_per_s"].as_f64().is_some_and(|it| it > 0.0)), "{report}");
    assert!(samples.iter().any(|it| it["running"].as_u64() > Some(0) && it["memory_bytes"].as_u64() > Some(0)));
    assert!(report["spawn_ms"]["median"].as_f64() > Some(0.0) && report["spawn_ms"]["runs"].as_u64() >= Some(10));
    let page = fs::read_to_string(project.path().join("load.html")).expect("a page");
    assert!(page.contains("Load test of agents") && page.contains("99 %"), "{page}");
    assert_eq!(rows(&project, "count(*) >= 10, max(reason = 'lost')"), ["1|0"]);
    assert_eq!(project.cfn(["agent", "ps"]).ok(), "no agent runs\n");
}

#[test]
fn what_is_said_of_running_agents_is_what_the_kernel_says() {
    let project = project();
    let script = "x = bytearray(30_000_000); import time; print('ready', flush=True); time.sleep(600)";
    let ids: Vec<String> =
        (0..3).map(|_| super::scene::detach(&project, &["--memory", "200m", "--", "python3", "-c", script])).collect();
    for id in &ids {
        super::scene::until_ready(&project, id);
    }
    let listed = project.cfn(["agent", "ps", "--json"]).json();
    let listed = listed["runs"].as_array().expect("runs");
    assert_eq!(listed.len(), 3);
    for id in &ids {
        let said = listed.iter().find(|it| it["agent_id"] == id.as_str()).expect("it is listed");
        assert_eq!((&said["state"], &said["processes"]), (&"running".into(), &1.into()), "{said}");
        let folder = super::scene::memory_group(id);
        let file =
            ["memory.usage_in_bytes", "memory.current"].map(|it| folder.join(it)).into_iter().find(|it| it.exists());
        let kernel =
            fs::read_to_string(file.expect("a group")).expect("a number").trim().parse::<u64>().expect("a number");
        let bytes = said["memory_bytes"].as_u64().expect("a number");
        assert!(bytes > 30_000_000 && bytes.abs_diff(kernel) < 2 << 20, "{bytes} and {kernel}");
    }
    project.cfn(["agent", "stop", "--all"]).ok();
}
