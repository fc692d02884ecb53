//! How often each command waits for the disk. A number here is a promise: fewer is welcome, more needs a reason.

use std::fs;

use super::locks::Company;
use super::tools::{finish, under};
use super::victims::legacy;
use crate::harness::{Project, Ran};
use crate::strace;

/// Commands that only read.
const READ: usize = 0;

/// A decision, by a process that is alone with the database. In the order in which they happen:
/// the new log's header; the folder, in which the log is new; the commit itself (`synchronous=FULL`: acknowledged is durable);
/// and at close, since nobody else has the database open, the log once more and then the database that it was copied into.
/// All but the third are SQLite's own and come with a log that does not stay behind.
const DECISION: usize = 5;

/// While somebody else has the database open, the log exists and stays: the commit, and the folder once a process, since SQLite
/// cannot know whether the log's name is on the disk.
const DECISION_IN_COMPANY: usize = 2;

/// Usage rows (`synchronous=NORMAL`): as a decision, without the commit.
const USAGE: usize = 4;

/// In company, nothing at all: the last rows may be lost in a power cut.
const USAGE_IN_COMPANY: usize = 0;

/// The result of an agent's run, in the file beside the database: as usage rows.
const RESULT: usize = 4;

/// The record of an export, before anything is written.
const RECORD: usize = 1;

/// Deploying the same bytes again: the transaction writes nothing.
const AGAIN: usize = 0;

fn syncs(project: &Project, args: &[&str]) -> usize {
    let log = project.path().join("calls");
    let path = log.to_string_lossy().into_owned();
    let calls = "trace=fsync,fdatasync,sync_file_range,msync,sync,syncfs";
    Ran::from(finish(under(project, &["strace", "-f", "-qq", "-o", &path, "-e", calls], args))).ok();
    let text = fs::read_to_string(&log).expect("the log of strace");
    fs::remove_file(log).expect("it goes");
    strace::calls(&text).iter().filter(|it| it.contains("sync")).count()
}

fn project() -> Project {
    let project = Project::new();
    project.file("SKILL.md", "---\nname: s\ndescription: d\n---\nText.\n");
    project.cfn(["deploy", "1", "s", "SKILL.md", "domain", "agent"]).ok();
    project
}

#[test]
fn commands_that_read_never_wait_for_the_disk() {
    let project = project();
    let reads: [&[&str]; 11] = [
        &["load", "agent"],
        &["load", "agent", "--format", "xml"],
        &["load", "agent", "--json"],
        &["skill", "list"],
        &["skill", "show", "s"],
        &["skill", "history", "s"],
        &["skill", "verify"],
        &["skill", "validate", "SKILL.md"],
        &["db", "status"],
        &["db", "check"],
        &["--version"],
    ];
    project.cfn(["load", "agent", "--format", "xml"]).ok(); // writes the files that it names, once
    for args in reads {
        assert_eq!(syncs(&project, args), READ, "{args:?}");
    }
}

#[test]
fn a_decision_waits_five_times_alone_and_twice_in_company() {
    let project = project();
    let turn = |number: usize| {
        project.file("SKILL.md", format!("---\nname: s\ndescription: d\n---\nText {number}.\n"));
        [syncs(&project, &["deploy", "1", "s", "SKILL.md"]), {
            project.file("SKILL.md", format!("---\nname: s\ndescription: d\n---\nUpdate {number}.\n"));
            syncs(&project, &["update", "s", &format!("1.0.{}", 2 * number), "SKILL.md"])
        }]
    };
    assert_eq!(turn(1), [DECISION; 2]);
    let _company = Company::new(&project);
    turn(2); // the first one in company begins the log
    assert_eq!(turn(3), [DECISION_IN_COMPANY; 2]);
}

#[test]
fn usage_rows_wait_four_times_alone_and_never_in_company() {
    let project = project();
    let load = ["load", "agent", "--agent-id", "a"];
    assert_eq!(syncs(&project, &load), USAGE);
    let _company = Company::new(&project);
    syncs(&project, &load); // begins the log
    assert_eq!(syncs(&project, &load), USAGE_IN_COMPANY);
}

/// What is laid into the folder of the run needs no wait: a power cut ends the run, and nobody exports there again.
#[test]
fn a_spawn_waits_for_its_usage_rows_and_for_its_result() {
    let project = project();
    let spawn = |args: &[&str]| syncs(&project, &[&["agent", "spawn", "agent"], args, &["--", "true"]].concat());
    spawn(&[]); // makes the file of results
    assert_eq!(spawn(&["--memory", "512m"]), USAGE + RESULT);
    assert_eq!(spawn(&["--skills", "prompt"]), USAGE + RESULT);
    assert_eq!(spawn(&["--skills", "none"]), RESULT);
    assert_eq!(spawn(&["--workspace", "."]), USAGE + RECORD + RESULT, "others export there too");
    assert_eq!(spawn(&["--workspace", "."]), USAGE + RESULT, "the record is the same");
}

#[test]
fn deploying_the_same_again_writes_nothing() {
    let project = project();
    assert_eq!(syncs(&project, &["deploy", "1", "s", "SKILL.md"]), AGAIN);
    assert_eq!(syncs(&project, &["deploy", "1", "s", "SKILL.md", "domain", "agent", "--dry-run"]), AGAIN);
}

/// Each folder that `init` creates is a new name in the one above it.
const FOLDERS: usize = 2;

/// A fresh database, a backup and the copy before a restore are staged until they are renamed: the file once and the folder once.
const STAGED: usize = 2;

#[test]
fn files_that_appear_by_a_rename_are_synced_once_with_their_folder() {
    let fresh = Project::empty();
    assert_eq!(syncs(&fresh, &["init"]), FOLDERS + STAGED);
    assert_eq!(syncs(&fresh, &["init"]), 0, "it exists");
    let filled = Project::empty();
    (0..100).for_each(|it| drop(filled.file(&format!("skills/s-{it}/SKILL.md"), "---\ndescription: d\n---\nText.\n")));
    assert_eq!(syncs(&filled, &["init", "--from", "skills"]), FOLDERS + STAGED, "with what it was filled");
    let project = project();
    assert_eq!(syncs(&project, &["db", "backup", "b.db"]), STAGED);
    // One commit more: what the reports add up is bound to the schema that the restored file now has.
    assert_eq!(syncs(&project, &["db", "restore", "b.db"]), STAGED + DECISION + 1);
}

#[test]
fn an_import_waits_once_for_each_batch() {
    let project = Project::new();
    for number in 0..1001 {
        project
            .file(&format!("skills/{number}/SKILL.md"), format!("---\nname: s-{number}\ndescription: d\n---\nText.\n"));
    }
    // Three batches of at most 500. The log outgrows 1000 pages, so SQLite copies it into the database now and then: the log
    // and the database each time, and the header of the log that begins again.
    let count = syncs(&project, &["init", "--from", "skills"]);
    assert!((DECISION + 2..=DECISION + 2 + 3 * 3).contains(&count), "{count}");
    assert_eq!(syncs(&project, &["init", "--from", "skills"]), AGAIN, "the same again");
}

#[test]
fn an_adoption_waits_for_the_backup_and_for_the_change() {
    let project = legacy();
    let count = syncs(&project, &["skill", "list"]);
    // Turning the old file into one with a log (its rollback journal, the folder, the file), the backup, and the change itself.
    assert_eq!(count, 3 + STAGED + DECISION, "{count}");
}
