//! A project with skills for agents, the hostile agent, and what must not be left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::harness::{Project, Ran, interruptible};
use crate::patience::eventually;

/// A program that does what an agent can do against being ended: it leaves its session, ignores signals, closes its
/// descriptors and forks again and again. Its children have the mark among their arguments.
pub(crate) const HOSTILE: &str = r#"
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        for descriptor in range(64):
            try: os.close(descriptor)
            except OSError: pass
        if os.fork() != 0: os._exit(0)
        while True:
            if os.fork() == 0:
                time.sleep(0.05)
                os._exit(0)
            time.sleep(0.02)
            try: os.waitpid(-1, os.WNOHANG)
            except OSError: pass
print("ready", flush=True)
while True: time.sleep(0.05)
"#;

/// Python that takes 200 MB step by step, and then waits.
pub(crate) const HOG: &str = "import time
held = []
for _ in range(200): held.append(b'x' * 1000000)
time.sleep(600)";

/// A project whose testers have two skills.
pub(crate) fn project() -> Project {
    let project = Project::empty();
    project.skill("alpha", "Do alpha.");
    project.skill("beta", "Do beta.");
    project.cfn(["init", "--from", ".claude/skills", "--approve-as", "me@example.com"]).ok();
    for skill in ["alpha", "beta"] {
        project.cfn(["skill", "assign", skill, "--agent", "tester"]).ok();
    }
    project
}

/// Spawns a tester, and waits for its end.
pub(crate) fn spawn(project: &Project, args: &[&str]) -> Ran {
    project.cfn([&["agent", "spawn", "tester"], args].concat())
}

/// Fails unless the spawn of a tester ends with this code and this kind of error.
#[track_caller]
pub(crate) fn refused(project: &Project, args: &[&str], code: i32, kind: &str) {
    project.cfn([&["--json", "agent", "spawn", "tester"], args].concat()).fails_as(code, kind);
}

/// Starts a spawn that does not wait; the agent's id.
pub(crate) fn detach(project: &Project, args: &[&str]) -> String {
    spawn(project, &[&["--detach"], args].concat()).ok().trim().to_owned()
}

/// Starts a spawn that waits.
pub(crate) fn start(project: &Project, args: &[&str]) -> Child {
    let mut command = interruptible(&project.command([&["agent", "spawn", "tester"], args].concat()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
}

/// Whether SIGINT no longer simply ends a process.
pub(crate) fn handles_interrupts(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let handled = status.lines().find_map(|it| it.strip_prefix("SigCgt:"));
    handled.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).is_some_and(|it| it & 0b10 != 0)
}

/// What is known of a run.
pub(crate) fn shown(project: &Project, agent: &str) -> Value {
    project.cfn(["agent", "show", agent, "--json"]).json()
}

/// The rows of the history.
pub(crate) fn rows(project: &Project, columns: &str) -> Vec<String> {
    let file = project.database().with_file_name("skills-work.db");
    let sql = format!("SELECT {columns} FROM agent_runs ORDER BY rowid");
    let output = std::process::Command::new("sqlite3").arg(file).arg(sql).output().expect("sqlite3 runs");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// The state folder of a run that has not ended.
pub(crate) fn state(project: &Project, agent: &str) -> PathBuf {
    project.path().join(".cfn-workspaces/.state").join(agent)
}

/// The process id of the supervisor of a run.
pub(crate) fn supervisor(project: &Project, agent: &str) -> String {
    let path = state(project, agent).join("running.json");
    let running: Value = serde_json::from_slice(&fs::read(path).expect("it runs")).expect("JSON");
    running["supervisor"]["process"].to_string()
}

/// Waits until a hostile agent is ready.
pub(crate) fn until_ready(project: &Project, agent: &str) {
    eventually("the agent is ready", || project.cfn(["agent", "logs", agent]).stdout.contains("ready"));
}

pub(crate) fn kill(signal: &str, process: &str) {
    let status = std::process::Command::new("kill").args([signal, process]).status().expect("kill runs");
    assert!(status.success(), "kill {signal} {process}");
}

/// The processes that have the mark among their arguments, but for those of cfn.
pub(crate) fn marked(mark: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let lines = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
    let lines = lines.map(|it| String::from_utf8_lossy(&it).replace('\0', " "));
    lines.filter(|it| it.contains(mark) && !it.contains("spawn tester")).collect()
}

/// Fails if anything of an agent is left: processes with the mark, or its control group.
#[track_caller]
pub(crate) fn assert_nothing_left(agent: &str, mark: &str) {
    assert!(marked(mark).is_empty(), "{:?}", marked(mark));
    assert_eq!(groups(Path::new("/sys/fs/cgroup"), &format!("cfn-agent-{agent}-"), 6), [""; 0]);
}

/// The control group of an agent that limits its memory.
pub(crate) fn memory_group(agent: &str) -> PathBuf {
    let all = groups(Path::new("/sys/fs/cgroup"), &format!("cfn-agent-{agent}-"), 6);
    let files = ["memory.usage_in_bytes", "memory.current"];
    let found = all.iter().map(PathBuf::from).find(|it| files.iter().any(|file| it.join(file).exists()));
    found.unwrap_or_else(|| panic!("no group of {agent}: {all:?}"))
}

/// The control groups whose name begins so.
pub(crate) fn groups(folder: &Path, name: &str, depth: u32) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|it| it.is_dir()) {
            continue;
        }
        if entry.file_name().to_string_lossy().starts_with(name) {
            found.push(entry.path().display().to_string());
        } else if depth > 0 {
            found.extend(groups(&entry.path(), name, depth - 1));
        }
    }
    found
}
