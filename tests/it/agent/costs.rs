//! What a spawn costs, counted exactly, and what it leaves if it fails between its steps.

use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use super::scene::{assert_nothing_left, kill, project, rows, spawn, state};
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::strace;

/// The calls of these kinds that a spawn and all that it starts make, in their order.
fn calls(project: &Project, kinds: &str, args: &[&str]) -> Vec<String> {
    let log = project.path().join("calls");
    let path = log.to_string_lossy().into_owned();
    let spawn = project.command([&["agent", "spawn", "tester"], args].concat());
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "4096", "-e", "signal=none", "-o", &path, "-e", kinds]);
    command.arg(spawn.get_program()).args(spawn.get_args()).current_dir(project.path()).stdin(Stdio::null());
    for (name, value) in spawn.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ran::from(command.output().expect("strace must be installed")).ok();
    let text = fs::read_to_string(&log).expect("the log of strace");
    strace::calls(&text)
}

/// The supervisors of a project that run.
pub(super) fn supervisors(project: &Project) -> Vec<String> {
    let runs = project.path().join(".cfn-workspaces").display().to_string();
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let lines = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
    let lines = lines.map(|it| String::from_utf8_lossy(&it).replace('\0', " "));
    lines.filter(|it| it.contains("agent supervise") && it.contains(&runs)).collect()
}

/// cfn itself, its supervisor, and what becomes the command.
#[test]
fn a_spawn_starts_cfn_three_times_and_its_supervisor_while_skills_are_laid() {
    let project = project();
    let calls = calls(&project, "trace=execve,openat", &["--memory", "512m", "--", "true"]);
    let is_started = |it: &&String| it.contains("execve(") && it.ends_with("= 0");
    assert_eq!(calls.iter().filter(is_started).count(), 4, "with the command: {calls:#?}");
    let first = |what: &dyn Fn(&String) -> bool| calls.iter().position(what).expect("a call");
    let supervised = first(&|it| it.contains("execve(") && it.contains("\"supervise\""));
    let laid = first(&|it| it.contains("\"SKILL.md\", O_WRONLY"));
    assert!(supervised < laid, "{calls:#?}");
    assert!(!calls.iter().any(|it| it.contains("\"/proc\"")), "nobody looks through all processes: {calls:#?}");
}

#[test]
fn all_of_an_agent_is_in_its_control_groups() {
    let project = project();
    let limits = ["--memory", "512m", "--cpus", "1", "--cpuset", "0", "--pids", "100", "--require-limits"];
    let program = "import subprocess, threading
def show(path): print(open(path).read(), end='--\\n', flush=True)
show('/proc/self/cgroup')
thread = threading.Thread(target=show, args=('/proc/thread-self/cgroup',))
thread.start(); thread.join()
for shell in (['sh'], ['setsid', 'sh']): subprocess.run([*shell, '-c', 'cat /proc/self/cgroup; echo --'])";
    let agent = spawn(&project, &[&limits[..], &["--", "python3", "-c", program]].concat()).ok();
    let logs = project.cfn(["agent", "logs", agent.trim()]).ok();
    let groups: Vec<_> = logs.split_terminator("--\n").collect();
    assert_eq!(groups.len(), 4, "{logs}");
    assert!(groups.iter().all(|it| *it == groups[0]), "its thread, its child, and what left its session: {logs}");
    let group_of = |controller: &str| {
        let mut lines = groups[0].lines().filter_map(|it| it.split_once(':')?.1.split_once(':'));
        lines.find(|it| it.0.split(',').any(|it| it == controller)).map(|it| it.1)
    };
    let kept: Vec<_> = ["freezer", "memory", "cpu", "cpuset", "pids"].into_iter().filter_map(group_of).collect();
    let kept = if kept.is_empty() { vec![group_of("").expect("version 2")] } else { kept };
    assert!(kept.len() == 5 || kept.len() == 1, "{logs}");
    let name = format!("/cfn-agent-{}-", agent.trim());
    assert!(kept.iter().all(|it| it.contains(&name)), "{logs}");
}

#[test]
fn a_spawn_that_fails_after_its_supervisor_was_started_leaves_none() {
    let project = project();
    project.cfn(["skill", "assign", "alpha", "--agent", "tester", "--required"]).ok();
    project.sqlite3("UPDATE skill_contents SET bytes = x'00'");
    let refused: [(&[&str], i32); 2] = [(&["--", "true"], 7), (&["--workspace", "no/such", "--", "true"], 2)];
    for (args, code) in refused {
        let ran = spawn(&project, args);
        assert_eq!((ran.code, supervisors(&project)), (Some(code), Vec::new()), "{ran:?}");
    }
    let runs = project.path().join(".cfn-workspaces");
    let left = fs::read_dir(&runs).expect("runs").chain(fs::read_dir(runs.join(".state")).expect("states"));
    let left = left.flatten().filter(|it| it.file_name().to_string_lossy().contains("tester"));
    assert_eq!(left.count(), 0);
}

/// What waits to become the command of an agent, each with its environment.
fn waiting(agent: &str) -> Vec<(String, String)> {
    let run = format!("CFN_RUN=cfn-agent-{agent}-");
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let processes = processes.filter_map(|it| {
        let environment = String::from_utf8(fs::read(it.path().join("environ")).ok()?).ok()?;
        let is_waiting = fs::read_to_string(it.path().join("cmdline")).ok()?.contains("become\0--told");
        let process = it.file_name().to_string_lossy().into_owned();
        (is_waiting && environment.contains(&run)).then_some((process, environment))
    });
    processes.collect()
}

/// Starts a spawn that copies the input of its agent until that is closed, and waits until its supervisor waits.
fn start_copying(project: &Project, agent: &str, command: &[&str]) -> Child {
    let spawn = ["agent", "spawn", "tester", "--agent-id", agent, "--stdin", "-", "--"];
    let mut command = project.command([&spawn[..], command].concat());
    let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("cfn starts");
    eventually("its input is copied", || state(project, agent).join("input").exists());
    eventually("something waits for its command", || waiting(agent).len() == 1);
    assert_eq!(supervisors(project).len(), 1);
    child
}

#[test]
fn a_killed_spawn_that_gave_no_order_takes_all_that_waits_for_it_along() {
    let project = project();
    let mut child = start_copying(&project, "of-no-order", &["touch", "started"]);
    let environment = waiting("of-no-order").remove(0).1;
    assert!(environment.starts_with("CFN_RUN=") && environment.matches('=').count() == 1, "{environment}");
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    eventually("its supervisor ends", || supervisors(&project).is_empty() && waiting("of-no-order").is_empty());
    project.cfn(["agent", "ps"]).ok();
    assert_eq!(rows(&project, "reason"), [""; 0], "it never was a run");
    assert!(!state(&project, "of-no-order").exists());
    assert!(!project.path().join(".cfn-workspaces/of-no-order/started").exists());
}

#[test]
fn what_waits_for_a_command_ends_with_its_supervisor() {
    let project = project();
    let mut child = start_copying(&project, "of-killed", &["touch", "started"]);
    let supervisor = fs::read_to_string(format!("/proc/{}/stat", waiting("of-killed")[0].0)).expect("it waits");
    let supervisor = supervisor.split_whitespace().nth(3).expect("its parent");
    kill("-9", supervisor);
    eventually("it ends", || waiting("of-killed").is_empty());
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert_eq!(rows(&project, "reason"), ["lost"]);
    assert!(!project.path().join(".cfn-workspaces/of-killed/started").exists());
}

#[test]
fn an_agent_runs_even_if_what_waits_for_its_command_was_killed() {
    let project = project();
    let mut child = start_copying(&project, "of-another", &["sh", "-c", "cat; echo $AGENT_ID"]);
    let process = waiting("of-another").remove(0).0;
    kill("-9", &process);
    let stat = format!("/proc/{process}/stat");
    // Until its socket is closed, it can be told a command that it does not become.
    eventually("it is gone", || fs::read_to_string(&stat).map_or(true, |it| it.contains(") Z ")));
    child.stdin.take().expect("its input").write_all(b"read ").expect("it reads");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(project.cfn(["agent", "logs", "of-another"]).ok(), "read of-another\n");
    assert_nothing_left("of-another", "no-mark");
}
