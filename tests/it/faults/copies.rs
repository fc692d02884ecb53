//! Copies of a database that is in use.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::victims::assert_clean;
use crate::harness::Project;
use crate::patience::meanwhile;

fn deploy(project: &Project, name: &str) {
    let path = project.skill(name, "Text.").to_string_lossy().into_owned();
    project.cfn(["deploy", "1", name, &path, "domain", "agent"]).ok();
}

/// The documentation says to use `cfn db backup`: while a process has the database open, commits are in the log.
#[test]
fn a_backup_has_what_a_plain_copy_without_the_log_lacks() {
    let project = Project::new();
    deploy(&project, "one");
    let mut shell = Command::new("sqlite3");
    let mut shell =
        shell.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sqlite3");
    let mut stdin = shell.stdin.take().expect("a pipe");
    writeln!(stdin, "SELECT count(*) FROM skills;").expect("it listens");
    let mut line = String::new();
    BufReader::new(shell.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("it answers");
    assert_eq!(line, "1\n");
    deploy(&project, "two");
    fs::copy(project.database(), project.path().join("plain.db")).expect("a copy");
    project.cfn(["db", "backup", "backup.db"]).ok();
    let names = |path: &str| project.cfn(["--db", path, "load", "agent", "--format", "names"]).ok();
    assert_eq!(names("backup.db"), "one\ntwo\n");
    assert_eq!(names("plain.db"), "one\n", "the copy is whole, and old");
    drop(stdin);
    shell.wait().expect("it ends");
    assert_clean(&project);
}

#[test]
fn backups_under_writers_are_whole_each_and_every_one() {
    let project = Project::new();
    deploy(&project, "first");
    let write = |turn| deploy(&project, &format!("s-{turn}"));
    meanwhile(write, || {
        let mut last = 0;
        for _ in 0..15 {
            project.cfn(["db", "backup", "b.db"]).ok();
            project.cfn(["--db", "b.db", "db", "check"]).ok();
            project.cfn(["--db", "b.db", "skill", "verify"]).ok();
            let count = project.cfn(["--db", "b.db", "skill", "list"]).ok().lines().count();
            assert!(count >= last, "a later backup has no less");
            last = count;
        }
    });
    assert_clean(&project);
}

#[test]
fn a_backup_never_replaces_what_is_no_file() {
    let project = Project::new();
    deploy(&project, "one");
    fs::create_dir(project.path().join("folder")).expect("a folder");
    super::tools::must(&["mkfifo"], &[project.path().join("pipe").as_os_str()]);
    for (target, code) in [("folder", 2), ("pipe", 2), (".claude/skills-database/skills.db", 1)] {
        let ran = project.cfn(["db", "backup", target]);
        super::tools::assert_one_message(&ran);
        assert!(ran.fails(code).contains(target), "{target}");
    }
    assert!(project.path().join("folder").is_dir());
    assert!(!fs::symlink_metadata(project.path().join("pipe")).expect("a pipe").is_file());
    assert_clean(&project);
}
