//! `--watch`.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::with_skills;
use crate::harness::{Project, interruptible};
use crate::scene::deploy;

/// Longer than anything here takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

fn start(project: &Project, args: &[&str]) -> Child {
    let command = project.command(["export", "out", "--watch"].iter().chain(args));
    interruptible(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts")
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < DEADLINE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn end(child: Child, signal: Signal) -> (String, String) {
    kill_process(Pid::from_child(&child), signal).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn exists(project: &Project, name: &str) -> bool {
    project.path().join("out").join(name).join("SKILL.md").exists()
}

#[test]
fn approvals_revocations_and_mappings_are_followed() {
    let project = with_skills();
    let child = start(&project, &["--agent", "dev", "--prune"]);
    wait_until("the first export", || exists(&project, "jwt") && exists(&project, "pdf"));
    deploy(&project, "new", "Fresh.", &["domain", "dev"]);
    wait_until("a new skill", || exists(&project, "new"));
    project.cfn(["skill", "revoke", "new", "--approver", "me", "--reason", "bad"]).ok();
    wait_until("a revocation", || !exists(&project, "new"));
    project.cfn(["skill", "assign", "sql", "--agent", "dev"]).ok();
    wait_until("a mapping", || exists(&project, "sql"));
    project.cfn(["skill", "unassign", "sql", "--agent", "dev"]).ok();
    wait_until("the end of a mapping", || !exists(&project, "sql"));
    let (stdout, _) = end(child, Signal::TERM);
    assert!(stdout.contains("2 skills written, 0 removed"), "{stdout}");
    assert_eq!(left_of_building(&project.path().join("out")), [""; 0]);
}

fn left_of_building(out: &Path) -> Vec<String> {
    super::entries(out).into_iter().filter(|it| it.starts_with('.')).collect()
}

#[test]
fn a_busy_database_and_something_in_the_way_do_not_end_it() {
    let project = with_skills();
    let child = start(&project, &["--agent", "dev", "--json"]);
    wait_until("the first export", || exists(&project, "pdf"));
    project.file("out/sql/SKILL.md", "Mine.");
    project.cfn(["skill", "assign", "sql", "--agent", "dev"]).ok();
    project.sqlite3("BEGIN EXCLUSIVE; UPDATE skills SET team = 'x'; SELECT count(*) FROM skills a, skills b; COMMIT");
    thread::sleep(Duration::from_millis(600));
    fs::remove_dir_all(project.path().join("out/sql")).expect("it goes");
    wait_until("the way is free", || exists(&project, "sql"));
    let (stdout, stderr) = end(child, Signal::INT);
    assert!(stdout.lines().all(|it| it.starts_with("{\"folder\":")), "{stdout}");
    assert_eq!(stderr.matches("in the way: sql").count(), 1, "{stderr}");
}

#[test]
fn what_is_wrong_at_the_start_ends_it() {
    let project = with_skills();
    project.file("out/jwt/SKILL.md", "Mine.");
    project.fails_as(["export", "out", "--agent", "dev", "--watch"], 7, "folder_in_the_way");
    project.fails_as(["export", "out", "--agent", "dev", "--watch", "--check"], 1, "invalid_arguments");
    project.fails_as(["export", "out"], 1, "invalid_arguments");
}
