//! Resource budgets that can be counted exactly, so that they are tests and not benchmarks.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::harness::{Project, binary};

/// In a large project, a command reads only a small part of the database, and must not hold the rest in memory.
const SKILLS: usize = 2000;

const MOST_KIB: u64 = 16 * 1024;

/// The release build, where `CFN_RELEASE_BINARY` names it: the budget is its.
fn program() -> PathBuf {
    env::var_os("CFN_RELEASE_BINARY").map_or_else(binary, PathBuf::from)
}

/// A build for debugging is larger; what it takes to do nothing at all does not count against the budget.
fn allowed_kib(project: &Project) -> u64 {
    let release = env::var_os("CFN_RELEASE_BINARY").is_some();
    if release { MOST_KIB } else { MOST_KIB + peak_kib(project, &["--version"]) }
}

/// The peak of a run's resident memory, mapped pages of the database included. GNU time is small, and a process starts with the
/// peak of the one that started it.
#[track_caller]
fn peak_kib(project: &Project, arguments: &[&str]) -> u64 {
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M"]).arg(program()).args(arguments).current_dir(project.path()).env_clear();
    let output = command.stdin(Stdio::null()).output().expect("/usr/bin/time must be installed (package time)");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}");
    text.lines().last().and_then(|it| it.trim().parse().ok()).expect("a number of KiB")
}

#[test]
fn a_process_is_started_without_copying_the_one_that_starts_it() {
    let project = Project::empty();
    let log = project.path().join("calls");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=fork,vfork,clone,clone3", "-e", "signal=none", "-o"]).arg(&log);
    command.arg(program()).args(["bench", "growth", "--skills", "40", "--usage-rows", "0", "--runs", "1"]);
    let output = command.current_dir(project.path()).stdin(Stdio::null()).output().expect("strace must be installed");
    assert!(output.status.success(), "{output:?}");
    let calls = std::fs::read_to_string(log).expect("the log of strace");
    let started: Vec<_> = calls.lines().filter(|it| it.contains("SIGCHLD")).collect();
    assert!(started.len() > 5, "{calls}");
    assert!(started.iter().all(|it| it.contains("CLONE_VM|CLONE_VFORK")), "{calls}");
}

/// Each opening reads the header, the schema and the settings of the file again.
#[test]
fn a_command_opens_its_database_once() {
    let project = Project::new();
    project.skill("jwt", "Read the token.");
    let log = project.path().join("calls");
    for words in [
        "deploy 7 jwt .claude/skills/jwt testing tester",
        "skill edit jwt --owner me",
        "skill reject jwt --approver me --reason no",
        "load tester",
    ] {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=openat", "-e", "signal=none", "-o"]).arg(&log).arg(program());
        let output = command.args(words.split(' ')).current_dir(project.path()).stdin(Stdio::null()).output();
        let output = output.expect("strace must be installed");
        assert!(output.status.success(), "{words}: {output:?}");
        let calls = std::fs::read_to_string(&log).expect("the log of strace");
        assert_eq!(calls.matches("/skills.db\"").count(), 1, "{words}: {calls}");
    }
}

#[test]
fn deploy_update_load_and_show_stay_within_16_mib() {
    let project = Project::new();
    let line = "Every word of this line is there to make the file as large as files of its kind are.\n";
    for number in 0..SKILLS {
        project.skill(&format!("skill-{number}"), &format!("{number}\n{}", line.repeat(45)));
    }
    project.cfn(["init", "--from", ".claude/skills", "--approve-as", "somebody"]).ok();
    project.sqlite3(
        "INSERT INTO agent_skill_mappings (agent_type, skill_id) SELECT 'agent-' || (id % 100), id FROM skills",
    );
    let new = project.file("new.md", line.repeat(45));
    let (new, changed) = (new.to_string_lossy().into_owned(), project.skill("skill-7", &line.repeat(44)));
    for arguments in [
        &["deploy", "42", "brand-new", &new, "domain", "agent-1"][..],
        &["update", "skill-7", "1.0.1", &changed.to_string_lossy()],
        &["load", "agent-7"],
        &["skill", "show", "skill-7"],
    ] {
        let (peak, allowed) = (peak_kib(&project, arguments), allowed_kib(&project));
        assert!(peak <= allowed, "{arguments:?}: {peak} KiB");
    }
}
