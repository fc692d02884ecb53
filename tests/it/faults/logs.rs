//! Files left by a killed writer: every read works immediately, with everything committed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::tools::{finish, run, under};
use super::victims::assert_clean;
use crate::harness::{Project, Ran};

pub(super) const LOAD: [&str; 4] = ["load", "agent", "--format", "names"];

/// Every way to read, and one to write.
const COMMANDS: [&[&str]; 9] = [
    &LOAD,
    &["skill", "show", "one"],
    &["skill", "history", "one"],
    &["skill", "list"],
    &["log", "show", "--task", "t"],
    &["analytics", "usage"],
    &["db", "status"],
    &["db", "check"],
    &["log", "one", "--agent-id", "a", "--agent-type", "agent"],
];

/// SQLite gives up on a log that it cannot understand after ten seconds.
const AT_ONCE: Duration = Duration::from_secs(6);

fn beside(project: &Project, suffix: &str) -> PathBuf {
    project.database().with_file_name(format!("skills.db{suffix}"))
}

/// As long as an index, and nothing like one.
fn nonsense() -> Vec<u8> {
    vec![0xA5; 32_768]
}

fn deploy(project: &Project, name: &str) -> [String; 6] {
    let path = project.skill(name, "Text.").to_string_lossy().into_owned();
    ["deploy".into(), "1".into(), name.into(), path, "domain".into(), "agent".into()]
}

pub(super) fn with_a_skill() -> Project {
    let project = Project::new();
    project.cfn(deploy(&project, "one")).ok();
    project
}

#[track_caller]
fn answers_at_once(project: &Project, args: &[&str], what: &str) {
    let since = Instant::now();
    run(project.command(args)).ok();
    assert!(since.elapsed() < AT_ONCE, "{what}: {args:?} took {:?}", since.elapsed());
}

/// A header as SQLite writes it, of a log in which a writer began nothing yet.
fn header(project: &Project) -> Vec<u8> {
    let held = project.path().join("held.db");
    fs::copy(project.database(), &held).expect("a copy");
    let connection = rusqlite::Connection::open(&held).expect("it opens");
    connection.execute_batch("CREATE TABLE more (a)").expect("it is written");
    let log = fs::read(held.with_file_name("held.db-wal")).expect("the log");
    log.get(..32).expect("a header").to_vec()
}

#[test]
fn any_log_without_a_commit_beside_any_index_stops_no_command() {
    let project = with_a_skill();
    let header = header(&project);
    let torn = [header.clone(), vec![7; 24 + 4096]].concat();
    let logs = [vec![], vec![0; 32], vec![0xA5; 32], b"no log at all".to_vec(), vec![0; 9000], header, torn];
    let indexes = [None, Some(vec![]), Some(b"abc".to_vec()), Some(vec![0; 32_768]), Some(nonsense())];
    for (number, log) in logs.iter().enumerate() {
        for (index_number, index) in indexes.iter().enumerate() {
            let args = COMMANDS[(number + index_number) % COMMANDS.len()];
            for args in [&LOAD[..], args] {
                fs::write(beside(&project, "-wal"), log).expect("a file");
                let _ = fs::remove_file(beside(&project, "-shm")); // where there is one
                if let Some(bytes) = index {
                    fs::write(beside(&project, "-shm"), bytes).expect("a file");
                }
                answers_at_once(&project, args, &format!("log {number}, index {index_number}"));
            }
        }
    }
    assert_eq!(project.cfn(LOAD).ok(), "one\n");
    assert_clean(&project);
}

#[test]
fn after_a_writer_died_at_any_of_its_calls_every_command_answers_at_once() {
    for call in ["pwrite64", "fsync", "fdatasync", "ftruncate"] {
        for nth in 1..8 {
            let project = with_a_skill();
            let rule = format!("inject={call}:signal=KILL:when={nth}");
            let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &rule];
            let ended = finish(under(&project, &wrapper, deploy(&project, "two")));
            let committed = ended.stdout.ends_with(b"\n");
            for args in COMMANDS {
                answers_at_once(&project, args, &format!("{call} {nth}"));
            }
            let names = project.cfn(LOAD).ok();
            assert!(names == "one\ntwo\n" || (names == "one\n" && !committed), "{call} {nth}: {names}");
            assert_clean(&project);
            if ended.status.success() {
                break;
            }
        }
    }
}

#[test]
fn commits_of_a_killed_writer_are_read_with_any_index() {
    for index in [None, Some(nonsense()), Some(vec![0; 32_768])] {
        let project = with_a_skill();
        let database = project.database().to_string_lossy().into_owned();
        // The first write into the database itself is that of the checkpoint, after the commit.
        let rule = "inject=pwrite64:signal=KILL:when=1";
        let wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", &database, "-e", rule];
        let killed = finish(under(&project, &wrapper, deploy(&project, "two")));
        assert!(!killed.status.success() && killed.stdout.is_empty(), "{killed:?}");
        assert!(fs::metadata(beside(&project, "-wal")).expect("the log").len() > 32);
        if let Some(bytes) = index {
            fs::write(beside(&project, "-shm"), bytes).expect("a file");
        }
        assert_eq!(project.cfn(LOAD).ok(), "one\ntwo\n");
        assert_clean(&project);
    }
}

#[test]
fn a_link_to_the_database_is_followed_whatever_is_called_like_a_file_beside_it() {
    let project = with_a_skill();
    let link = project.path().join("skills.db");
    symlink(project.database(), &link).expect("a link");
    let load = || project.cfn(["--db", "skills.db"].iter().chain(&LOAD)).ok();
    assert_eq!(load(), "one\n");
    for suffix in ["-shm", "-wal", "-journal"] {
        fs::write(link.with_file_name(format!("skills.db{suffix}")), "anything").expect("a file");
        assert_eq!(load(), "one\n");
    }
    assert_clean(&project);
}

#[test]
fn anything_but_a_file_beside_the_database_is_named_and_never_waited_for() {
    for suffix in ["-journal", "-wal", "-shm"] {
        let project = with_a_skill();
        let _ = fs::remove_file(beside(&project, suffix)); // where there is one
        super::tools::must(&["mkfifo"], &[beside(&project, suffix).as_os_str()]);
        for args in COMMANDS {
            let mut command = project.command(args);
            command.arg("--json");
            let error = Ran::from(finish(command)).fails_as(3, "database_file");
            let named = error["message"].as_str().is_some_and(|it| it.contains(&format!("skills.db{suffix} ")));
            assert!(named, "{args:?}: {error}");
        }
        fs::remove_file(beside(&project, suffix)).expect("it goes");
        assert_eq!(project.cfn(LOAD).ok(), "one\n");
    }
}
