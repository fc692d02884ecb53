//! Another program of the user's, without a write-ahead log, died in the middle of a write.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::tools::run;
use super::victims::legacy;
use crate::harness::Project;

/// An older database with a journal of a transaction that was partly written into it.
fn half_written() -> Project {
    let project = legacy();
    let mut shell = Command::new("sqlite3");
    let mut shell =
        shell.arg(project.database()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sqlite3");
    let mut stdin = shell.stdin.take().expect("a pipe");
    // With a cache of one page, changed pages are written before the end.
    let sql = "PRAGMA cache_size = 1; BEGIN; UPDATE skills SET name = 'half-' || id, tags = printf('%5000c', 'x'); SELECT 'there';";
    writeln!(stdin, "{sql}").expect("it listens");
    let mut line = String::new();
    BufReader::new(shell.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("it answers");
    assert_eq!(line, "there\n");
    shell.kill().expect("it dies");
    shell.wait().expect("it is dead");
    let journal = fs::metadata(project.database().with_file_name("skills.db-journal")).expect("its journal");
    assert!(journal.len() > 512);
    project
}

#[test]
fn a_half_written_transaction_of_another_program_is_undone_by_the_first_process() {
    let first: [&[&str]; 5] =
        [&["skill", "list"], &["load", "agent"], &["db", "migrate"], &["db", "check"], &["skill", "show", "old-1"]];
    for args in first {
        let project = half_written();
        run(project.command(args)).ok();
        let names = project.sqlite3("SELECT group_concat(name) FROM (SELECT name FROM skills ORDER BY id)");
        assert_eq!(names, "old-0,old-1,old-2,old-3,old-4", "{args:?}");
        assert_eq!(project.leftovers().len(), 1, "the backup alone: {:?}", project.leftovers());
        project.assert_whole();
    }
}

#[test]
fn the_backup_before_an_adoption_has_nothing_half_written_in_it() {
    let project = half_written();
    project.cfn(["skill", "list"]).ok();
    let backup = project.leftovers().pop().expect("a backup");
    let backup = project.database().with_file_name(backup).to_string_lossy().into_owned();
    let output =
        Command::new("sqlite3").args([&backup, "SELECT count(*) FROM skills WHERE name LIKE 'half%'"]).output();
    assert_eq!(output.expect("sqlite3").stdout, b"0\n");
}
