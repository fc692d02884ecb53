//! Failing calls under the commands that commit more than once, and what is no archive.

use std::fs;

use super::errors::{with_fault, words};
use super::logs::with_a_skill;
use super::tools::{must, run};
use crate::harness::Project;

const ARCHIVE: [&str; 6] = ["db", "archive", "--before", "2021-01-01", "--to", "old.gz"];
const UNARCHIVE: [&str; 3] = ["db", "unarchive", "old.gz"];

fn with_old_rows() -> Project {
    let project = with_a_skill();
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
         SELECT 'a', 'agent', 1, '2020-01-0' || value || ' 00:00:00' FROM generate_series(1, 3)",
    );
    project
}

fn archived() -> Project {
    let project = with_old_rows();
    project.cfn(ARCHIVE).ok();
    project
}

/// How many rows the log has, and how many its reports count.
fn rows(project: &Project) -> (String, i64) {
    let report = project.cfn(["analytics", "usage", "--json"]).json();
    let counted = report.to_string().matches("\"uses\":3").count();
    (project.sqlite3("SELECT count(*) FROM skill_usage_log"), i64::from(counted > 0))
}

/// Each such call fails, once or from there on: the state before, or success, or nobody knows; the next run finishes it.
fn at_every(prepare: fn() -> Project, args: &[&str], before: &str, after: &str) {
    let (mut unknown, mut refused) = (0, 0);
    for call in ["fsync", "fdatasync", "pwrite64", "ftruncate"] {
        for nth in 1.. {
            assert!(nth < 300, "it never ends undisturbed");
            let mut met_any = false;
            for when in [nth.to_string(), format!("{nth}+")] {
                let project = prepare();
                let (met, ran) = with_fault(&project, &words(args), call, "EIO", &when);
                let now = rows(&project);
                let what = format!("{args:?} {call} {when}: {now:?} {ran:?}");
                match ran.code {
                    Some(0) => assert_eq!(now.0, after, "{what}"),
                    Some(3) if ran.kind().as_deref() == Some("outcome_unknown") => unknown += 1,
                    Some(3) => {
                        assert_eq!(now.0, before, "{what}");
                        refused += 1;
                    }
                    _ => panic!("{what}"),
                }
                assert_eq!(now.1, 1, "reports count every row: {what}");
                project.cfn(args).ok();
                assert_eq!(rows(&project), (after.to_owned(), 1), "{what}");
                project.cfn(["db", "check"]).ok();
                met_any |= met;
            }
            if !met_any {
                break;
            }
        }
    }
    assert!(unknown > 0 && refused > 0, "{args:?}: {unknown} unknown, {refused} refused");
}

#[test]
fn a_failed_archive_leaves_the_log_or_reports_an_unknown_outcome() {
    at_every(with_old_rows, &ARCHIVE, "3", "0");
}

#[test]
fn a_failed_unarchive_leaves_the_log_or_reports_an_unknown_outcome() {
    at_every(archived, &UNARCHIVE, "0", "3");
}

#[test]
fn anything_but_a_regular_file_is_refused_as_an_archive_without_blocking() {
    let project = with_old_rows();
    let pipe = project.path().join("pipe");
    must(&["mkfifo"], &[pipe.as_os_str()]);
    fs::create_dir(project.path().join("folder")).expect("a folder");
    std::os::unix::fs::symlink("pipe", project.path().join("link")).expect("a link");
    for path in ["pipe", "link", "folder", "/dev/zero", "/dev/null"] {
        for args in [&["db", "archive", "--before", "2021-01-01", "--to", path][..], &["db", "unarchive", path]] {
            let mut command = project.command(args);
            command.arg("--json");
            run(command).fails_as(2, "archive_refused");
        }
    }
    assert_eq!(rows(&project), ("3".to_owned(), 1));
}

#[test]
fn a_lock_file_that_is_none_stops_no_command() {
    let project = with_a_skill();
    for suffix in ["-sync.lock", "-redis"] {
        must(&["mkfifo"], &[project.database().with_file_name(format!("skills.db{suffix}")).as_os_str()]);
    }
    for args in [&["load", "agent", "--agent-id", "a"][..], &["load", "agent"], &["sync"]] {
        let mut command = project.command(args);
        command.env("CFN_POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d").env("CFN_REDIS_URL", "redis://127.0.0.1:1");
        command.env("CFN_CACHE", "always").env("ENABLE_PHASE4_LOGGING", "true");
        let ran = run(command);
        assert!(matches!(ran.code, Some(0 | 9)), "{args:?}: {ran:?}");
    }
}
