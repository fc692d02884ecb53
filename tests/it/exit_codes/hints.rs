//! Each refusal of a command has the hint that helps with it.

use std::process::Command;

use super::fails;
use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};
use crate::scene::with_skill;

/// Fails unless the command is refused with this code, this kind of error and this hint.
#[track_caller]
fn hints(project: &Project, args: &[&str], (code, kind): (i32, &str), hint: &str) {
    fails(project, code, kind, args);
    let error = project.fails_as(args, code, kind);
    let hint = hint.replace("DB", &project.database().to_string_lossy());
    assert_eq!(error["hint"], hint, "{args:?}: {error}");
}

const NOT_THERE: &str = "postgres://ann:hunter2@127.0.0.1:1/d";

#[track_caller]
fn copy(project: &Project, (from, to): (&str, &str), more: &[&str], kind: (i32, &str), hint: &str) {
    hints(project, &[&["db", "copy", "--from", from, "--to", to], more].concat(), kind, hint);
}

#[test]
fn of_a_copy() {
    let project = with_skill("jwt", "testing", "dev");
    project.cfn(["db", "backup", "from.db"]).ok();
    project.cfn(["db", "backup", "taken.db"]).ok();
    project.file("notes.txt", "notes");
    let unreachable = "As the message says: start the server, or correct host, port or TLS in what OPTION names; nothing was changed.";
    let [of_from, of_to] = ["--from", "--to"].map(|it| unreachable.replace("OPTION", it));
    let foreign = |option: &str| format!("Name a skills database with {option}; this file was not touched.");
    let replacing = ["--replace", "--yes"];
    let is_foreign = (3, "not_a_skills_database");
    let is_unreachable = (3, "database_unreachable");
    let occupied = "Name another target, or add --replace; nothing was changed.";
    let unconfirmed = "Nothing was changed; add --yes to do it.";
    copy(&project, ("none.db", "to.db"), &[], (3, "database_missing"), "Name a database that exists with --from.");
    copy(&project, ("notes.txt", "to.db"), &[], is_foreign, &foreign("--from"));
    copy(&project, ("sqlite://x", "to.db"), &[], (1, "invalid_setting"), "Correct the option --from.");
    copy(&project, (NOT_THERE, "to.db"), &[], is_unreachable, &of_from);
    copy(&project, ("from.db", NOT_THERE), &[], is_unreachable, &of_to);
    copy(&project, ("from.db", "notes.txt"), &replacing, is_foreign, &foreign("--to"));
    copy(&project, ("from.db", "taken.db"), &[], (7, "database_occupied"), occupied);
    copy(&project, ("from.db", "taken.db"), &["--replace"], (1, "not_confirmed"), unconfirmed);
    copy(&project, ("from.db", "from.db"), &replacing, (1, "invalid_input"), "Name another target with --to.");
    assert!(!project.path().join("to.db").exists());
}

#[test]
fn of_a_server_without_a_database() {
    let (project, server) = (Project::empty(), Database::empty());
    let secret = server.url(Way::Direct);
    let url = server.shown(Way::Direct).replace("postgresql://", "postgresql://cfn_owner@");
    let create = format!("Create it with 'cfn init --db {url}', or name another with --db.");
    for command in [&["skill", "list"][..], &["load", "dev"], &["db", "migrate"]] {
        let args = [&["--db", &secret], command].concat();
        hints(&project, &args, (3, "database_missing"), &create);
    }
}

#[test]
fn of_an_archive_that_does_not_come_back() {
    let project = with_skill("jwt", "testing", "dev");
    project.file("notes.txt", "notes");
    let refused = "Name a complete archive of this database.";
    for name in ["none.gz", "notes.txt", ".claude"] {
        hints(&project, &["db", "unarchive", name], (2, "archive_refused"), refused);
    }
    let whole = "Leave it out: a file is moved back as a whole.";
    hints(&project, &["db", "unarchive", "x.gz", "--month", "2026-01"], (1, "invalid_input"), whole);
    let month = "Name one as --month 2026-01; 'cfn db status' lists them.";
    hints(&project, &["db", "unarchive", NOT_THERE], (1, "invalid_input"), month);
    hints(&project, &["db", "unarchive", "sqlite://x"], (1, "invalid_setting"), "Correct the archive.");
    let unreachable = "Start the server, or correct its line in ~/.pgpass; then run the command again: it continues.";
    let on_a_server = ["db", "unarchive", "postgres://ann@127.0.0.1:1/d", "--month", "2026-01"];
    hints(&project, &on_a_server, (9, "archive_unreachable"), unreachable);
}

#[test]
fn of_counters() {
    let project = with_skill("jwt", "testing", "dev");
    for switch in ["--enable", "--disable"] {
        let here = "Use the metrics of the server.";
        hints(&project, &["--db", NOT_THERE, "metrics", switch], (1, "database_not_a_file"), here);
        let missing = ["--db", "none.db", "metrics", switch];
        let create = format!(
            "Create it with 'cfn init --db {0}', or name another with --db.",
            project.path().join("none.db").display()
        );
        hints(&project, &missing, (3, "database_missing"), &create);
    }
    // Something else is where the counters would be.
    let place = project.database().with_file_name("skills.db-metrics");
    std::fs::create_dir(&place).expect("a folder");
    let folder = "Check the permissions of the folder, and run the command again.";
    for args in [&["metrics", "--enable"][..], &["metrics", "--disable"]] {
        hints(&project, args, (3, "database_file"), folder);
    }
    assert!(project.cfn(["metrics"]).fails(3).ends_with(&format!("hint: {folder}\n")));
    std::fs::remove_dir(place).expect("a folder");
    let json = "Leave out --json.";
    for args in [&["metrics"][..], &["metrics", "rules"], &["metrics", "--format", "openmetrics"]] {
        assert_eq!(project.fails_as(args, 1, "invalid_input")["hint"], json, "{args:?}");
    }
}

#[test]
fn of_an_answer_that_cannot_be_written() {
    let project = with_skill("jwt", "testing", "dev");
    let run = |line: &str| -> Ran {
        let cfn = project.command([""; 0]);
        let mut shell = Command::new("bash");
        shell.args(["-c", line]).env("CFN", cfn.get_program()).current_dir(project.path());
        shell.output().expect("bash runs").into()
    };
    let hint = "Check where stdout goes; if the command makes changes, they are committed.";
    for line in ["skill list", "load dev", "skill edit jwt --owner me", "man", "--help"] {
        let said = run(&format!("\"$CFN\" {line} > /dev/full")).fails(1);
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("error: the answer could not be written: "), "{line}: {said}");
        assert_eq!(lines[1..], [format!("hint: {hint}")], "{line}");
    }
    for line in ["skill list", "load dev", "skill edit jwt --owner you"] {
        assert_eq!(run(&format!("\"$CFN\" --json {line} > /dev/full")).fails_as(1, "output")["hint"], hint, "{line}");
        let closed = run(&format!("set -o pipefail; \"$CFN\" {line} | true"));
        assert_eq!((closed.code, closed.stderr.as_str()), (Some(0), ""), "{line}: who closes the pipe wants no more");
    }
    assert_eq!(project.cfn(["skill", "show", "jwt", "--json"]).json()["owner"], "you", "what was said is done");
}
