//! Files that a user names, where what is there is none: nothing waits for it, and nothing is started. And input that does not
//! end.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::costs::supervisors;
use super::scene::{detach, kill, project, rows, spawn, state};
use crate::harness::{Project, Ran, interruptible};
use crate::patience::eventually;

/// A FIFO without a writer, a link to it, a device without an end, and a folder.
const NO_FILES: [&str; 4] = ["pipe", "link", "/dev/zero", "folder"];

fn with_no_files() -> Project {
    let project = project();
    let made = Command::new("mkfifo").arg(project.path().join("pipe")).status();
    assert!(made.is_ok_and(|it| it.success()));
    std::os::unix::fs::symlink("pipe", project.path().join("link")).expect("a link");
    fs::create_dir(project.path().join("folder")).expect("a folder");
    project
}

/// One that hangs is killed, and has no exit code then.
fn run(project: &Project, args: &[&str]) -> Ran {
    let cfn = project.command(args);
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "20"]).arg(cfn.get_program()).args(cfn.get_args()).current_dir(project.path());
    for (name, value) in cfn.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.output().expect("it runs").into()
}

#[test]
fn what_an_agent_is_to_read_must_be_a_file() {
    let project = with_no_files();
    for path in NO_FILES {
        let args = ["--json", "agent", "spawn", "tester", "--stdin", path, "--", "touch", "started"];
        run(&project, &args).fails_as(2, "file_unreadable");
    }
    assert_eq!(rows(&project, "agent_id"), [""; 0]);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log").trim(), "0", "nothing was loaded for it");
    assert!(!project.path().join("started").exists());
    assert!(fs::read_dir(project.path().join(".cfn-workspaces/.state")).map_or(0, Iterator::count) == 0);
}

/// What people name where there is nothing to read.
#[test]
fn an_agent_may_read_the_null_device() {
    let project = project();
    std::os::unix::fs::symlink("/dev/null", project.path().join("link")).expect("a link");
    for path in ["/dev/null", "link"] {
        let agent = spawn(&project, &["--stdin", path, "--", "sh", "-c", "cat; echo read"]).ok();
        assert_eq!(project.cfn(["agent", "logs", agent.trim()]).ok(), "read\n", "{path}");
    }
}

/// The pipe stays open all the time.
#[test]
fn a_signal_ends_a_spawn_whose_input_does_not_end() {
    let project = project();
    let agent = "of-an-open-pipe";
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let args = ["agent", "spawn", "tester", "--agent-id", agent, "--stdin", "-", "--", "touch", "started"];
        let mut command = interruptible(&project.command(args));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("cfn starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(b"some of it").expect("it reads");
        let copy = state(&project, agent).join("input");
        eventually("it is copied", || fs::read(&copy).is_ok_and(|it| it == b"some of it"));
        kill(signal, &child.id().to_string());
        let ran = Ran::from(child.wait_with_output().expect("it ends"));
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (Some(code), "", ""), "{signal}");
        drop(pipe);
        eventually("its supervisor ends", || supervisors(&project).is_empty());
        assert!(!state(&project, agent).exists() && !project.path().join(".cfn-workspaces").join(agent).exists());
        project.cfn(["agent", "ps"]).ok();
        assert_eq!(rows(&project, "agent_id"), [""; 0], "no run is lost that never was");
        assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0", "nobody has got a skill");
    }
}

#[test]
fn a_plan_and_a_manifest_must_be_files() {
    let project = with_no_files();
    for path in NO_FILES {
        for args in
            [&["agent", "wave", path, "--wave", "1", "--json", "--", "true"][..], &["agent", "monitor", path, "--json"]]
        {
            let ran = run(&project, args);
            assert_eq!((ran.code, ran.kind().as_deref()), (Some(3), Some("file_unreadable")), "{args:?}: {ran:?}");
        }
        run(&project, &["--json", "agent", "cleanup", "--manifest", path]).fails_as(2, "file_unreadable");
    }
}

#[test]
fn no_command_waits_for_a_file_that_is_none() {
    let project = with_no_files();
    let commands: [&[&str]; 8] = [
        &["deploy", "1", "new"],
        &["update", "alpha", "1.0.1"],
        &["skill", "validate"],
        &["skill", "add", "new"],
        &["skill", "import-yaml"],
        &["init", "--from"],
        &["db", "restore"],
        &["export", "--agent", "tester", "--dry-run"],
    ];
    for path in &NO_FILES[..3] {
        for command in commands {
            let ran = run(&project, &[command, &[path]].concat());
            assert!(matches!(ran.code, Some(1..=3)), "{command:?} {path}: {ran:?}");
        }
    }
}

#[test]
fn a_task_without_a_run_is_unknown() {
    let project = project();
    for args in [&["wait"][..], &["stop"], &["wait", "--timeout", "1"]] {
        project.fails_as([&["agent"], args, &["--task", "typo"]].concat(), 4, "run_not_found");
    }
    let agent = spawn(&project, &["--task", "t1", "--", "true"]).ok().trim().to_owned();
    let waited = project.cfn(["agent", "wait", "--task", "t1", "--json"]).json();
    assert_eq!((&waited["timeout"], &waited["ended"][0]["agent_id"]), (&false.into(), &agent.into()), "{waited}");
    let stopped = project.cfn(["agent", "stop", "--task", "t1", "--json"]).json();
    assert_eq!(stopped, serde_json::json!({ "stopped": [] }), "it ended by itself");
}

#[test]
fn a_wait_and_a_stop_are_documents() {
    let project = project();
    let agent = detach(&project, &["--", "sleep", "60"]);
    let ran = project.cfn(["agent", "wait", &agent, "--timeout", "0.1", "--json"]);
    let waited: serde_json::Value = serde_json::from_str(&ran.stdout).expect("a document");
    assert_eq!((ran.code, waited), (Some(124), serde_json::json!({ "timeout": true, "ended": [], "others": [agent] })));
    let stopped = project.cfn(["agent", "stop", "--all", "--json"]).json();
    assert_eq!(stopped, serde_json::json!({ "stopped": [agent] }));
    assert_eq!(project.cfn(["agent", "stop", "--all"]).ok(), "");
}

#[test]
fn a_pause_of_nothing_is_refused() {
    let project = project();
    project.fails_as(["agent", "load-test", "--agents", "1", "--every", "0", "tester"], 1, "invalid_arguments");
    project.fails_as(["agent", "monitor", "m.json", "--poll-interval", "0"], 1, "invalid_arguments");
}

#[test]
fn a_run_whose_files_are_none_stops_no_command() {
    let project = project();
    let state = super::scene::state(&project, "agent-tester-1-abcdefg");
    fs::create_dir_all(&state).expect("a folder");
    for name in ["lock", "plan.json", "running.json", "result.json", "left.json", "stdout.log"] {
        assert!(Command::new("mkfifo").arg(state.join(name)).status().is_ok_and(|it| it.success()));
    }
    for args in [&["agent", "ps"][..], &["agent", "ps", "--all"], &["agent", "cleanup"]] {
        assert_eq!(run(&project, args).code, Some(0), "{args:?}");
    }
    assert_eq!(run(&project, &["agent", "show", "agent-tester-1-abcdefg"]).code, Some(4));
}
