//! A lock holder that hangs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::tools::{DEADLINE, finish};
use super::victims::{assert_clean, legacy};
use crate::harness::{Project, Ran};

/// A shell of the user's that has the database open.
pub(super) struct Company(#[expect(dead_code, reason = "it is only held")] Holder);

impl Company {
    pub(super) fn new(project: &Project) -> Self {
        Self(Holder::new(project, "SELECT count(*) FROM skills"))
    }
}

/// A shell of the user's in the middle of a write, stopped.
struct Holder {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Holder {
    fn new(project: &Project, begin: &str) -> Self {
        let mut command = Command::new("sqlite3");
        let child = command.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("the sqlite3 shell must be installed");
        let mut stdin = child.stdin.take().expect("a pipe");
        writeln!(stdin, "{begin}; SELECT 'held';").expect("it listens");
        let lines = BufReader::new(child.stdout.as_mut().expect("a pipe")).lines();
        assert!(lines.map_while(Result::ok).any(|it| it == "held"), "it answers");
        kill_process(Pid::from_child(&child), Signal::STOP).expect("it stops");
        Self { child, stdin: Some(stdin) }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::CONT); // it is our own and lives
        drop(self.stdin.take());
        let _ = self.child.wait(); // the end of its input ends it
    }
}

#[track_caller]
fn assert_busy_in_time(project: &Project, args: &[&str]) {
    let mut command = project.command(args);
    command.arg("--json").env("CFN_BUSY_TIMEOUT_MS", "300");
    let since = Instant::now();
    let ran = Ran::from(finish(command));
    let took = since.elapsed();
    ran.fails_as(8, "busy");
    assert!(took >= Duration::from_millis(300) && took < DEADLINE, "{args:?}: {took:?}");
}

fn with_a_skill() -> Project {
    let project = Project::new();
    project.skill("one", "Text.");
    project.cfn(["deploy", "1", "one", ".claude/skills/one/SKILL.md", "domain", "agent"]).ok();
    project.cfn(["db", "backup", "b.db"]).ok();
    project.skill("one", "Other text.");
    project
}

#[test]
fn a_hanging_writer_is_waited_for_until_the_deadline_and_does_not_block_readers() {
    let project = with_a_skill();
    let path = ".claude/skills/one/SKILL.md";
    let writes: [&[&str]; 8] = [
        &["deploy", "1", "one", path],
        &["deploy", "1", "one", path, "--dry-run"],
        &["update", "one", "1.0.1", path],
        &["load", "agent", "--agent-id", "a"],
        &["init", "--from", ".claude/skills"],
        &["skill", "approve", "one", "--approver", "me"],
        &["skill", "rollback", "one", "1.0.0"],
        &["db", "restore", "b.db"],
    ];
    let holder = Holder::new(&project, "BEGIN IMMEDIATE");
    for args in writes {
        assert_busy_in_time(&project, args);
    }
    assert_eq!(project.leftovers(), [] as [&str; 0], "a restore that was not done keeps no copy");
    for args in [
        &["load", "agent"][..],
        &["skill", "list"],
        &["skill", "show", "one"],
        &["db", "check"],
        &["db", "backup", "c.db"],
    ] {
        project.cfn(args).ok();
    }
    drop(holder);
    project.cfn(["update", "one", "1.0.1", path]).ok();
    project.assert_whole();
    let kept: Vec<_> = project.leftovers().into_iter().filter(|it| it.contains("tmp")).collect();
    assert_eq!(kept, [] as [&str; 0]);
}

#[test]
fn an_exclusively_locked_database_is_busy_for_readers_too() {
    let project = with_a_skill();
    project.sqlite3("PRAGMA journal_mode = DELETE");
    let holder = Holder::new(&project, "BEGIN EXCLUSIVE");
    for args in [&["load", "agent"][..], &["skill", "list"], &["deploy", "1", "one", ".claude/skills/one/SKILL.md"]] {
        assert_busy_in_time(&project, args);
    }
    drop(holder);
    project.cfn(["load", "agent"]).ok();
    project.cfn(["deploy", "1", "one", ".claude/skills/one/SKILL.md"]).ok();
    assert_eq!(project.sqlite3("PRAGMA journal_mode"), "wal");
    assert_clean(&project);
}

#[test]
fn an_older_database_in_use_is_not_adopted_before_it_is_free() {
    let project = legacy();
    let holder = Holder::new(&project, "BEGIN IMMEDIATE");
    assert_busy_in_time(&project, &["skill", "list"]);
    drop(holder);
    assert_eq!(project.sqlite3("PRAGMA user_version"), "0");
    assert_eq!(project.leftovers(), [] as [&str; 0]);
    assert_eq!(project.cfn(["skill", "list"]).ok().lines().count(), 6);
}

#[test]
fn a_hanging_reader_blocks_no_one() {
    let project = with_a_skill();
    let holder = Holder::new(&project, "BEGIN; SELECT count(*) FROM skills");
    project.cfn(["deploy", "1", "one", ".claude/skills/one/SKILL.md"]).ok();
    project.cfn(["db", "maintain"]).ok();
    project.cfn(["db", "restore", "b.db"]).ok();
    drop(holder);
    project.assert_whole();
}
